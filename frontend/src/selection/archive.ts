/**
 * Opens a ZIP in place: its directory is read, its entries become source files that are unpacked only
 * when they are read. Archives are hostile until shown otherwise (see limits.ts): the sizes they declare
 * are limited beforehand and enforced while unpacking, entries that share bytes are refused, links are
 * never followed, names are only labels. The library is loaded when the first archive is met.
 */
import type { FileEntry } from '@zip.js/zip.js';
import { unpackedFile } from './archive-entry';
import type { ArchiveLimits } from './limits';
import { readBlob, SourceError, type SourceFile, safePath } from './source';

export type ArchiveProblemCode =
  | 'archive.damaged'
  | 'archive.locked'
  | 'archive.suspicious'
  | 'archive.unsupported'
  | 'archive.too_deep'
  | 'archive.empty'
  | 'archive.link';

export interface ArchiveProblem {
  path: string;
  size: number;
  code: ArchiveProblemCode;
}

/** Asks the sender for the password of an archive; null when there is none to be had. */
export type AskPassword = (archivePath: string, attempt: number) => Promise<string | null>;

/** What an archive that the sender chose has used up so far, with all that lies inside it. */
export interface ArchiveUse {
  limits: ArchiveLimits;
  entries: number;
  bytes: number;
  archives: number;
}

export interface ArchiveContent {
  files: SourceFile[];
  problems: ArchiveProblem[];
}

/** Lists the entries of `archive`. Never throws for what the archive holds: problems are named. */
export async function openArchive(
  archive: SourceFile,
  use: ArchiveUse,
  ask: AskPassword,
): Promise<ArchiveContent> {
  const refuse = (code: ArchiveProblemCode): ArchiveContent => ({
    files: [],
    problems: [{ path: archive.path, size: archive.size, code }],
  });
  const depth = (archive.depth ?? 0) + 1;
  use.archives += 1;
  if (depth > use.limits.depth || use.archives > use.limits.archives) return refuse('archive.too_deep');
  try {
    const entries = await listEntries(archive, use);
    if (entries.length === 0) return refuse('archive.empty');
    if (entries === 'suspicious') return refuse('archive.suspicious');
    return await toFiles(archive, entries, { depth, use, ask });
  } catch {
    return refuse('archive.damaged');
  }
}

/** Entries listed in one go: the page answers in between. */
const AT_ONCE = 500;
const breathe = () => new Promise<void>((resolve) => setTimeout(resolve));

async function listEntries(archive: SourceFile, use: ArchiveUse): Promise<FileEntry[] | 'suspicious'> {
  const zip = await import('./zip');
  const reader = new zip.ZipReader(new zip.BlobReader(await asBlob(archive, use.limits)));
  const entries: FileEntry[] = [];
  for await (const entry of reader.getEntriesGenerator({ filenameValidation: 'tolerant' })) {
    use.entries += 1;
    if (use.entries > use.limits.entries) return 'suspicious';
    if (!entry.directory) entries.push(entry);
    if (use.entries % AT_ONCE === 0) await breathe();
  }
  return overlap(entries) ? 'suspicious' : entries;
}

/** Entries that share bytes turn a small file into a huge one; no honest program writes them. */
function overlap(entries: readonly FileEntry[]): boolean {
  // Where the beginning of the file is lost, the first entries seem to lie before it: damage, found when read.
  let end = Number.NEGATIVE_INFINITY;
  for (const entry of [...entries].sort((a, b) => a.offset - b.offset)) {
    if (entry.offset < end) return true;
    end = entry.offset + entry.compressedSize;
  }
  return false;
}

async function asBlob(archive: SourceFile, limits: ArchiveLimits): Promise<Blob> {
  if (archive.blob) {
    await readBlob(archive.blob, archive.size, 0, Math.min(archive.size, 4));
    return archive.blob;
  }
  if (archive.size > limits.nestedBytes) throw new SourceError('archive.entry_damaged');
  const chunks: BlobPart[] = [];
  for (let at = 0; at < archive.size; at += 1 << 20) {
    chunks.push((await archive.read(at, Math.min(archive.size, at + (1 << 20)))) as Uint8Array<ArrayBuffer>);
  }
  archive.close?.();
  return new Blob(chunks);
}

interface Context {
  depth: number;
  use: ArchiveUse;
  ask: AskPassword;
}

async function toFiles(archive: SourceFile, entries: FileEntry[], context: Context): Promise<ArchiveContent> {
  const content: ArchiveContent = { files: [], problems: [] };
  const encrypted = entries.filter((entry) => entry.encrypted);
  const password =
    encrypted.length > 0 ? await findPassword(archive.path, encrypted, context.ask) : undefined;
  const taken = new Set<string>();
  for (const entry of entries) {
    const path = uniquePath(`${archive.path}/${safePath(entry.filename)}`, taken);
    const code = judgeEntry(entry, password, context.use);
    if (code) content.problems.push({ path, size: entry.uncompressedSize, code });
    else content.files.push(unpackedFile(entry, path, context.depth, password, archive));
  }
  return content;
}

function judgeEntry(
  entry: FileEntry,
  password: string | null | undefined,
  use: ArchiveUse,
): ArchiveProblemCode | null {
  if (entry.symlink) return 'archive.link';
  if (entry.encrypted && password === null) return 'archive.locked';
  const { limits } = use;
  const tooDense = entry.uncompressedSize > limits.ratio * Math.max(entry.compressedSize, 1);
  if (tooDense && entry.uncompressedSize > limits.ratioFrom) return 'archive.suspicious';
  use.bytes += entry.uncompressedSize;
  return use.bytes > limits.totalBytes ? 'archive.suspicious' : null;
}

/** Two entries of one name are two files: the second gets a number. */
function uniquePath(path: string, taken: Set<string>): string {
  let free = path;
  for (let number = 2; taken.has(free); number += 1) free = `${path} (${number})`;
  taken.add(free);
  return free;
}

/** Asks until a password opens the smallest locked entry, or the sender gives up. */
async function findPassword(
  path: string,
  entries: readonly FileEntry[],
  ask: AskPassword,
): Promise<string | null> {
  const [probe] = [...entries].sort((a, b) => a.uncompressedSize - b.uncompressedSize);
  for (let attempt = 1; probe; attempt += 1) {
    const password = await ask(path, attempt);
    if (password === null || (await opens(probe, password))) return password;
  }
  return null;
}

async function opens(entry: FileEntry, password: string): Promise<boolean> {
  try {
    await entry.getData(new WritableStream(), { password, checkPasswordOnly: true });
    return true;
  } catch (error) {
    // Wrong passwords are asked for again; what cannot be unpacked for another reason is found out later.
    const zip = await import('./zip');
    return (error as Error).message !== zip.ERR_INVALID_PASSWORD;
  }
}
