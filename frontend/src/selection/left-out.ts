/** Files that are not sent, each with the reason that the sender gets to read. */
import type { ArchiveProblemCode } from './archive';
import type { LitterReason } from './litter';
import type { SourceErrorCode, SourceFile } from './source';

export type LeftOutReason =
  | LitterReason
  | ArchiveProblemCode
  | SourceErrorCode
  | 'media_directory'
  | 'unsupported'
  | 'empty'
  | 'duplicate'
  | 'folder_unreadable';

export interface LeftOut {
  path: string;
  size: number;
  reason: LeftOutReason;
}

/** Left out without harm: nobody misses them, so they are counted and folded away. */
const HARMLESS: ReadonlySet<LeftOutReason> = new Set([
  'viewer',
  'system',
  'picture_copy',
  'program',
  'media_directory',
  'duplicate',
  'archive.link',
]);

export function isHarmless(entry: LeftOut): boolean {
  return HARMLESS.has(entry.reason);
}

export function leftOutEntry(file: SourceFile, reason: LeftOutReason): LeftOut {
  return { path: file.path, size: file.size, reason };
}
