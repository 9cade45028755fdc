/** What is still to be sent, and its reading: ranges of files in order, handed out as packs of frames. */
import { SourceError, type SourceErrorCode, type SourceFile } from '../selection/source';
import type { FileState } from './messages';
import { type Frame, makeFrame } from './pack';

export interface TransferFile {
  number: number;
  file: SourceFile;
  role: 'instance' | 'document';
  /** By this the server recognises it. */
  fingerprint: string;
  studyUid?: string;
}

export interface Range {
  target: TransferFile;
  start: number;
  end: number;
}

export interface Pack {
  frames: Frame[];
  ranges: Range[];
  bytes: number;
}

/** No frame is longer: large files are split. */
export const MAXIMUM_FRAME = 4 << 20;

/** The ranges of `files` that the server does not have yet; `states` as it told. */
export function missingRanges(files: readonly TransferFile[], states: readonly FileState[]): Range[] {
  const known = new Map(states.map((state) => [state.number, state]));
  return files.flatMap((target) => {
    const state = known.get(target.number);
    if (state && state.state !== 'announced' && state.state !== 'partial') return [];
    return gaps(target, state?.received ?? []);
  });
}

function gaps(target: TransferFile, received: readonly [number, number][]): Range[] {
  const ranges: Range[] = [];
  let start = 0;
  for (const [offset, length] of [...received].sort((a, b) => a[0] - b[0])) {
    if (offset > start) ranges.push({ target, start, end: offset });
    start = Math.max(start, offset + length);
  }
  if (start < target.file.size) ranges.push({ target, start, end: target.file.size });
  return ranges;
}

/** Reads one range after the other, as discs like it; several senders may ask at once. */
export class WorkList {
  readonly #ranges: Range[];
  readonly #failed = new Set<number>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    ranges: readonly Range[],
    private readonly onUnreadable: (target: TransferFile, code: SourceErrorCode) => void,
  ) {
    this.#ranges = [...ranges];
  }

  /** The next pack of about `target` bytes; null when everything was handed out. */
  next(target: number): Promise<Pack | null> {
    const pack = this.#turn.then(() => this.#read(target));
    this.#turn = pack.catch(() => undefined);
    return pack;
  }

  /** Takes back what could not be delivered; it is handed out again first. */
  putBack(ranges: readonly Range[]): void {
    this.#ranges.unshift(...ranges);
  }

  /** Nothing more of this file is handed out. */
  giveUp(target: TransferFile): void {
    this.#failed.add(target.number);
  }

  async #read(target: number): Promise<Pack | null> {
    const pack: Pack = { frames: [], ranges: [], bytes: 0 };
    while (pack.bytes < target) {
      const range = this.#take(Math.min(MAXIMUM_FRAME, target));
      if (!range) break;
      if (pack.bytes > 0 && pack.bytes + range.end - range.start > target * 1.5) {
        this.putBack([range]);
        break;
      }
      const bytes = await this.#readRange(range);
      if (!bytes) continue;
      pack.frames.push(await makeFrame(range.target.number, range.start, bytes));
      pack.ranges.push(range);
      pack.bytes += bytes.byteLength;
    }
    return pack.frames.length > 0 ? pack : null;
  }

  #take(limit: number): Range | null {
    for (let range = this.#ranges.shift(); range; range = this.#ranges.shift()) {
      if (this.#failed.has(range.target.number)) continue;
      const { target, start, end } = range;
      if (end - start <= limit) return range;
      this.#ranges.unshift({ target, start: start + limit, end });
      return { target, start, end: start + limit };
    }
    return null;
  }

  async #readRange({ target, start, end }: Range): Promise<Uint8Array | null> {
    try {
      const bytes = await target.file.read(start, end);
      if (end === target.file.size) target.file.close?.();
      return bytes;
    } catch (error) {
      this.giveUp(target);
      this.onUnreadable(target, await reasonOf(error, target.file));
      return null;
    }
  }
}

/**
 * Browsers tell a file that was changed from one that is damaged by nothing: but the beginning was read once,
 * so when not even that can be read, it is another file now.
 */
async function reasonOf(error: unknown, file: SourceFile): Promise<SourceErrorCode> {
  const code = error instanceof SourceError ? error.code : 'file.unreadable';
  if (code !== 'file.unreadable') return code;
  try {
    await file.read(0, Math.min(1, file.size));
    return code;
  } catch (again) {
    const second = again instanceof SourceError ? again.code : code;
    return second === 'file.unreadable' ? 'file.changed' : second;
  }
}
