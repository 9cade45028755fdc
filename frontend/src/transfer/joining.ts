/**
 * Finds the submission that chosen files belong to. An unfinished one is gone on with only when all that it
 * holds was chosen now: then what is handed over is exactly what the sender sees. Everything else begins a
 * submission of its own, so that two discs, or two tabs, never end up in one.
 */
import { fingerprintOfAll } from '../selection/fingerprint';
import { type Api, ApiError } from './api';
import type { FileState, NewSubmission } from './messages';
import { inNumberOrder, type RecognisedFile } from './numbering';

export interface FoundSubmission {
  id: string;
  /** What the server has of it already. */
  there: readonly FileState[];
  /** It was begun before, so what the sender wrote may be old. */
  isKnown: boolean;
  /** Exactly these files were handed over before: only the receipt is to be fetched. */
  isOver: boolean;
}

export interface Search {
  api: Api;
  chosen: readonly RecognisedFile[];
  /** What to create, but for its client key. */
  creation: Omit<NewSubmission, 'client_key'>;
  /** An unfinished upload shares files with the choice and holds `others` besides; rejects to stop. */
  onOthers(others: number): Promise<void>;
  persistently<T>(attempt: () => Promise<T>): Promise<T>;
}

const MOST_SUBMISSIONS = 20;

export async function findSubmission(search: Search): Promise<FoundSubmission> {
  const { api, chosen, persistently } = search;
  const { open_submission: draft } = await persistently(() => api.openSubmission());
  if (draft) {
    const there = await persistently(() => api.fileStates(draft.id));
    const { shared, others } = compare(chosen, there);
    if (shared > 0 && others === 0) return { id: draft.id, there, isKnown: true, isOver: false };
    if (shared > 0) await search.onOthers(others);
  }
  const key = await fingerprintOfAll(inNumberOrder(chosen).map(({ fingerprint }) => fingerprint));
  for (let attempt = 0; attempt < MOST_SUBMISSIONS; attempt += 1) {
    const wanted = { ...search.creation, client_key: `${key}-${attempt}` };
    const { id, state } = await persistently(() => api.createSubmission(wanted));
    if (state !== 'draft' && state !== 'submitted') continue;
    const there = await persistently(() => api.fileStates(id));
    const { shared, others } = compare(chosen, there);
    const isOver = state === 'submitted';
    if (others === 0 && (!isOver || shared === chosen.length))
      return { id, there, isKnown: there.length > 0, isOver };
  }
  throw new ApiError('submission.closed', 409);
}

/** How many files of a submission were chosen now, and how many were not. */
export function compare(
  chosen: readonly RecognisedFile[],
  there: readonly FileState[],
): { shared: number; others: number } {
  const free = new Map<string, number>();
  for (const { fingerprint } of chosen) free.set(fingerprint, (free.get(fingerprint) ?? 0) + 1);
  let shared = 0;
  for (const { fingerprint } of there) {
    const left = free.get(fingerprint) ?? 0;
    if (left > 0) shared += 1;
    free.set(fingerprint, left - 1);
  }
  return { shared, others: there.length - shared };
}
