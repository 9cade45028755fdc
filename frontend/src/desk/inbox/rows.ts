/** The inbox as a list of lines: one per study, each standing on its own. */
import type { StudyRow, StudyState, Upload } from '../types';

export interface InboxQuery {
  view: 'waiting' | 'all';
  state: StudyState | '';
  q: string;
}

export interface InboxLine {
  /** Unique on the page; a study's id, or the submission's when no study came of it. */
  key: string;
  upload: Upload;
  /** Missing when an upload holds no readable study. */
  study: StudyRow | null;
  /** Place of the study in its upload, from 1. */
  place: number;
}

export function linesOf(uploads: readonly Upload[]): InboxLine[] {
  return uploads.flatMap((upload): InboxLine[] => {
    if (upload.studies.length === 0) return [{ key: upload.submission_id, upload, study: null, place: 0 }];
    return upload.studies.map((study, index) => ({ key: study.id, upload, study, place: index + 1 }));
  });
}

/** How many uploads are on the page now that were not there before. */
export function newcomers(before: readonly Upload[], now: readonly Upload[]): number {
  const known = new Set(before.map((upload) => upload.submission_id));
  return now.filter((upload) => !known.has(upload.submission_id)).length;
}

/** Several pages as one list: an upload that moved between two requests appears once, in its latest form. */
export function joined(pages: readonly (readonly Upload[])[]): Upload[] {
  const byId = new Map<string, Upload>();
  for (const upload of pages.flat()) byId.set(upload.submission_id, upload);
  return [...byId.values()];
}

/** The next study that waits for a person, after the one just finished; null when none is left. */
export function nextWaiting(uploads: readonly Upload[], finished: string): StudyRow | null {
  const waiting = linesOf(uploads).flatMap(({ study }) => (study ? [study] : []));
  const place = waiting.findIndex((study) => study.id === finished);
  const order = [...waiting.slice(place + 1), ...waiting.slice(0, Math.max(place, 0))];
  return order.find((study) => study.id !== finished && study.state === 'inspected') ?? null;
}
