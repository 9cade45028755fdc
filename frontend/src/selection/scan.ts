/**
 * Looks at every chosen file once and says what it is. Instances are reported as they are found, one
 * file per folder first, so that the studies appear at once and then grow; everything else is judged at
 * the end, when all paths are known.
 */
import { type ArchiveUse, type AskPassword, openArchive } from './archive';
import type { Instance } from './grouping';
import { MEDIA_DIRECTORY } from './header';
import { type LeftOut, leftOutEntry } from './left-out';
import { ARCHIVE_LIMITS, type ArchiveLimits } from './limits';
import { type Candidate, litterJudge } from './litter';
import { type Peeked, peek } from './peek';
import { isAttachment } from './recognise';
import type { SourceFile } from './source';

export interface ScanListener {
  instances(found: readonly Instance[]): void;
  progress(done: number, total: number): void;
}

export interface FoundDocument {
  file: SourceFile;
  /** Stays with the hospital's staff: it cannot be filed with the images. */
  isAttachment: boolean;
}

export interface ScanResult {
  documents: FoundDocument[];
  /** Meant as DICOM but not readable here: they are sent, the hospital decides. */
  damaged: SourceFile[];
  leftOut: LeftOut[];
}

export interface ScanOptions {
  ask: AskPassword;
  signal?: AbortSignal;
  limits?: ArchiveLimits;
}

const BATCH = 64;

/** Scans `files` and what archives among them hold. Throws only when `signal` is aborted. */
export async function scan(
  files: readonly SourceFile[],
  listener: ScanListener,
  options: ScanOptions,
): Promise<ScanResult> {
  const result: ScanResult = { documents: [], damaged: [], leftOut: [] };
  const uses: Uses = new WeakMap();
  const candidates: (Candidate & { file: SourceFile })[] = [];
  const paths: string[] = [];
  let queue = sampleFirst(files);
  let isDisc = false;
  let done = 0;
  while (queue.length > 0) {
    const archives: SourceFile[] = [];
    const total = done + queue.length;
    for (let at = 0; at < queue.length; at += BATCH) {
      options.signal?.throwIfAborted();
      const batch = queue.slice(at, at + BATCH);
      paths.push(...batch.map((file) => file.path));
      for (const peeked of await peek(batch)) {
        isDisc ||= peeked.kind === 'instance' && peeked.header.sopClassUid === MEDIA_DIRECTORY;
        sort(peeked, { result, candidates, archives, listener });
      }
      done += batch.length;
      listener.progress(done, total);
    }
    queue = await openAll(archives, uses, options, result);
  }
  const judge = litterJudge(paths, isDisc);
  for (const candidate of candidates) settle(candidate, judge(candidate), result);
  return result;
}

/** By file: what its archive has used up. Each chosen archive is judged by itself, not by its neighbours. */
type Uses = WeakMap<SourceFile, ArchiveUse>;

interface Bins {
  result: ScanResult;
  candidates: (Candidate & { file: SourceFile })[];
  archives: SourceFile[];
  listener: ScanListener;
}

function sort(peeked: Peeked, { result, candidates, archives, listener }: Bins): void {
  const { file } = peeked;
  if (peeked.kind === 'instance') {
    if (peeked.header.sopClassUid === MEDIA_DIRECTORY)
      result.leftOut.push(leftOutEntry(file, 'media_directory'));
    else listener.instances([{ file, header: peeked.header, beginning: peeked.beginning }]);
  } else if (peeked.kind === 'damaged') result.damaged.push(file);
  else if (peeked.kind === 'unreadable') result.leftOut.push(leftOutEntry(file, peeked.code));
  else if (peeked.content === 'zip') archives.push(file);
  else candidates.push({ path: file.path, kind: peeked.content, file });
}

async function openAll(
  archives: readonly SourceFile[],
  uses: Uses,
  options: ScanOptions,
  result: ScanResult,
): Promise<SourceFile[]> {
  const inside: SourceFile[] = [];
  for (const archive of archives) {
    options.signal?.throwIfAborted();
    const limits = options.limits ?? ARCHIVE_LIMITS;
    const use = uses.get(archive) ?? { limits, entries: 0, bytes: 0, archives: 0 };
    const content = await openArchive(archive, use, options.ask);
    for (const file of content.files) uses.set(file, use);
    inside.push(...content.files);
    result.leftOut.push(...content.problems.map(({ path, size, code }) => ({ path, size, reason: code })));
  }
  return inside;
}

function settle(
  candidate: Candidate & { file: SourceFile },
  litter: LeftOut['reason'] | null,
  result: ScanResult,
): void {
  const { file, kind } = candidate;
  if (litter) result.leftOut.push(leftOutEntry(file, litter));
  else if (kind === 'archive') result.leftOut.push(leftOutEntry(file, 'archive.unsupported'));
  else if (kind === 'other') result.leftOut.push(leftOutEntry(file, 'unsupported'));
  else result.documents.push({ file, isAttachment: isAttachment(kind) });
}

/** One file of each folder first, then the rest, both in path order. */
function sampleFirst(files: readonly SourceFile[]): SourceFile[] {
  const ordered = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const seen = new Set<string>();
  const first: SourceFile[] = [];
  const rest: SourceFile[] = [];
  for (const file of ordered) {
    const folder = file.path.slice(0, Math.max(0, file.path.lastIndexOf('/')));
    (seen.has(folder) ? rest : first).push(file);
    seen.add(folder);
  }
  return [...first, ...rest];
}
