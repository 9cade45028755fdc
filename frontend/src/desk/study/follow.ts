/** When a study is worth asking about again, and how often. */
import type { StudyDetail } from '../types';

const UNDER_WAY_MILLISECONDS = 2_000;
const OTHERWISE_MILLISECONDS = 15_000;

/** Whether the machine is at work on the study: inspecting it, sending it, or waiting for the PACS's word. */
export function isUnderWay(study: StudyDetail): boolean {
  if (study.state === 'received') return true;
  // What can be tried again has stopped for the time being.
  if (study.state === 'reconciled') return !study.can.retry_delivery;
  return study.state === 'delivered' && study.delivery?.commitment !== 'failed';
}

/** Milliseconds until the study is asked for again; others may work on it at the same time. */
export function pauseFor(study: StudyDetail | null): number {
  return study !== null && isUnderWay(study) ? UNDER_WAY_MILLISECONDS : OTHERWISE_MILLISECONDS;
}

/** What has changed so much that it is said aloud: the state, or nothing. */
export function stateChanged(before: StudyDetail | null, now: StudyDetail): boolean {
  return before !== null && before.state !== now.state;
}
