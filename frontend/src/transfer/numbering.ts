/**
 * Numbers the files of a submission so that they can be recognised when the same disc is chosen again
 * after the page was closed. What is remembered on the sender's computer are prints of path and size
 * (48 bits of a SHA-256), never a name. Without a memory (another computer) the order of the paths gives the
 * same numbers again.
 */
import type { PlannedFile } from '../selection/plan';
import type { TransferFile } from './work';

/** Where prints are kept: the local storage of the browser, or nothing. */
export interface Memory {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

const PRINT_LENGTH = 8;
const keyOf = (submissionId: string) => `importal.files.${submissionId}`;

/** Gives each planned file its number; files seen before keep theirs. */
export async function numberFiles(
  submissionId: string,
  planned: readonly PlannedFile[],
  memory: Memory,
): Promise<TransferFile[]> {
  const known = recall(submissionId, memory);
  const ordered = known.length > 0 ? [...planned] : [...planned].sort(byPath);
  const free = new Map<string, number[]>();
  for (const [number, print] of known.entries()) free.set(print, [...(free.get(print) ?? []), number]);
  const files: TransferFile[] = [];
  for (const { file, role, studyUid } of ordered) {
    const print = await printOf(file.path, file.size);
    const number = free.get(print)?.shift() ?? known.push(print) - 1;
    files.push({ number, file, role, ...(studyUid ? { studyUid } : {}) });
  }
  remember(submissionId, known, memory);
  return known.length > 0 ? inPlannedOrder(files, planned) : files;
}

export function forget(submissionId: string, memory: Memory): void {
  memory.removeItem(keyOf(submissionId));
}

function recall(submissionId: string, memory: Memory): string[] {
  try {
    return memory.getItem(keyOf(submissionId))?.match(new RegExp(`.{${PRINT_LENGTH}}`, 'g')) ?? [];
  } catch {
    return [];
  }
}

/** Storage may be full or forbidden; then resuming relies on the order of the paths. */
function remember(submissionId: string, prints: readonly string[], memory: Memory): void {
  try {
    memory.setItem(keyOf(submissionId), prints.join(''));
  } catch {
    return;
  }
}

function byPath(a: PlannedFile, b: PlannedFile): number {
  if (a.file.path === b.file.path) return a.file.size - b.file.size;
  return a.file.path < b.file.path ? -1 : 1;
}

function inPlannedOrder(files: TransferFile[], planned: readonly PlannedFile[]): TransferFile[] {
  const position = new Map(planned.map(({ file }, i) => [file, i]));
  return files.sort((a, b) => (position.get(a.file) ?? 0) - (position.get(b.file) ?? 0));
}

async function printOf(path: string, size: number): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`${path}\n${size}`));
  return btoa(String.fromCharCode(...new Uint8Array(digest).subarray(0, 6)));
}
