/** What a transfer tells about itself. */
import type { SourceErrorCode } from '../selection/source';

export type TransferPhase =
  | 'preparing'
  | 'sending'
  | 'paused'
  | 'waiting'
  | 'finishing'
  | 'done'
  | 'failed'
  | 'cancelled';

export interface FailedFile {
  path: string;
  code: SourceErrorCode | string;
}

export interface TransferProgress {
  phase: TransferPhase;
  confirmedBytes: number;
  totalBytes: number;
  secondsLeft: number | null;
  /** Study whose files are on their way. */
  studyUid: string | null;
  failures: readonly FailedFile[];
}
