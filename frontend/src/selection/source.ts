/** A file as the sender chose it: on disk, or inside an archive. Its bytes stay where they are. */

export interface SourceFile {
  /** Path as the sender would name it, with "/" and safe to show; unique within a selection. */
  readonly path: string;
  /** Size when it was chosen. Browsers report 0 for files of a medium that was removed since. */
  readonly size: number;
  /** The bytes at rest; null when they must be unpacked first. */
  readonly blob: Blob | null;
  /** Exactly `end - start` bytes; throws SourceError when they are not to be had. */
  read(start: number, end: number): Promise<Uint8Array>;
  /** Lets go of what reading holds on to; reading may go on afterwards. */
  close?(): void;
  /** How many archives it lies in. */
  readonly depth?: number;
}

export type SourceErrorCode =
  | 'file.vanished'
  | 'file.changed'
  | 'file.unreadable'
  | 'archive.entry_damaged'
  | 'archive.locked';

/** Bytes of a chosen file cannot be read. Carries a code, never the name of the file. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  constructor(readonly code: SourceErrorCode) {
    super(code);
  }
}

/** A file on the sender's disk. */
export function diskFile(file: File, path: string): SourceFile {
  const size = file.size;
  return { path: safePath(path), size, blob: file, read: (start, end) => readBlob(file, size, start, end) };
}

/** Reads a part of a blob and makes sure that it is whole: a removed medium gives empty slices silently. */
export async function readBlob(blob: Blob, size: number, start: number, end: number): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await blob.slice(start, end).arrayBuffer());
  } catch (error) {
    throw new SourceError(codeOf(error));
  }
  if (bytes.byteLength !== end - start) throw new SourceError('file.vanished');
  if (blob.size !== size) throw new SourceError(blob.size === 0 ? 'file.vanished' : 'file.changed');
  return bytes;
}

function codeOf(error: unknown): SourceErrorCode {
  return error instanceof DOMException && error.name === 'NotFoundError'
    ? 'file.vanished'
    : 'file.unreadable';
}

const MAXIMUM_PATH = 1000;
// Control characters, zero-width and direction marks would make a name look like another one.
const UNSAFE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** A path to show and to send as a label: no drive, no way up, no characters that deceive the eye. */
export function safePath(path: string): string {
  const parts = path
    .replace(UNSAFE, '')
    .replaceAll('\\', '/')
    .replace(/^[A-Za-z]:/, '')
    .split('/')
    .map((part) => part.trim())
    .filter((part) => part !== '' && part !== '.' && part !== '..');
  const joined = parts.join('/') || 'unnamed';
  return joined.length <= MAXIMUM_PATH ? joined : `…${joined.slice(joined.length - MAXIMUM_PATH + 1)}`;
}

/** The last part of a path. */
export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
