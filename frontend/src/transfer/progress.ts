/** What a transfer tells about itself. */
import type { SourceErrorCode } from '../selection/source';

export type TransferPhase =
  | 'preparing'
  | 'sending'
  | 'paused'
  | 'waiting'
  /** Files cannot be read any more: the sender decides. */
  | 'asking'
  | 'finishing'
  | 'done'
  | 'failed'
  | 'cancelled';

/** What the sender is asked when files of the chosen medium can no longer be read. */
export interface MissingFiles {
  files: readonly FailedFile[];
  /** Images would be left to hand over. */
  canHandOver: boolean;
}

export interface TransferListener {
  progress(progress: TransferProgress): void;
  /** 'again': try to read them once more; 'without': hand over what is left. */
  missing(missing: MissingFiles): Promise<'again' | 'without'>;
}

export interface FailedFile {
  path: string;
  code: SourceErrorCode | string;
}

export interface TransferProgress {
  phase: TransferPhase;
  /** Bytes of the files, whatever was sent for them. */
  confirmedBytes: number;
  totalBytes: number;
  /** What went over the line for them; fewer where frames were coded. */
  sentBytes: number;
  secondsLeft: number | null;
  /** Study whose files are on their way. */
  studyUid: string | null;
  failures: readonly FailedFile[];
}
