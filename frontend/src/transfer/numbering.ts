/**
 * Numbers the files of a submission. What the server has under the same fingerprint keeps its number, in
 * whatever browser and in whatever order it is chosen again; everything else gets a new one. Nothing is
 * remembered on the sender's computer.
 */
import type { PlannedFile } from '../selection/plan';
import type { FileState } from './messages';
import type { TransferFile } from './work';

export interface RecognisedFile extends PlannedFile {
  fingerprint: string;
}

/** In the order in which a new submission would number them, which no browser and no click changes. */
export function inNumberOrder<File extends RecognisedFile>(files: readonly File[]): File[] {
  return [...files].sort((a, b) => order(a.file.path, b.file.path) || order(a.fingerprint, b.fingerprint));
}

/** Gives each file its number; the order stays. */
export function numberFiles(chosen: readonly RecognisedFile[], there: readonly FileState[]): TransferFile[] {
  const free = new Map<string, number[]>();
  for (const { number, fingerprint } of [...there].sort((a, b) => a.number - b.number))
    free.set(fingerprint, [...(free.get(fingerprint) ?? []), number]);
  let next = there.reduce((most, { number }) => Math.max(most, number + 1), 0);
  const numbers = new Map<RecognisedFile, number>();
  for (const one of inNumberOrder(chosen)) numbers.set(one, free.get(one.fingerprint)?.shift() ?? next++);
  return chosen.map((one) => {
    const { file, role, studyUid, fingerprint } = one;
    return { number: numbers.get(one) ?? 0, file, role, fingerprint, ...(studyUid ? { studyUid } : {}) };
  });
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
