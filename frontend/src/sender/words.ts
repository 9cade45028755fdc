/** What the sender says with each study: the comment, and the answer to whose images these are. */
import type { Verdict } from '../identity/verdict';
import { isUid } from '../selection/header';
import { answerOn, includedPatients, type SelectionState } from '../selection/selection';
import type { StudyWords } from '../transfer/messages';

/** The more doubtful one of two goes along with a study that two patients claim. */
const DOUBT: readonly Verdict[] = ['matches', 'not_stated', 'differs', 'another_person'];

/** One entry per Study Instance UID. `comments` are by the study's place in the selection. */
export function wordsOf(state: SelectionState, comments: Readonly<Record<string, string>>): StudyWords[] {
  const byUid = new Map<string, StudyWords>();
  for (const patient of includedPatients(state)) {
    const said = {
      verdict: patient.judgement?.verdict,
      is_confirmed: answerOn(state, patient)?.isChosen === true,
    };
    for (const { id, uid } of patient.studies) {
      if (state.omittedStudies.has(id) || !isUid(uid)) continue;
      const own = { study_instance_uid: uid, comment: comments[id]?.trim() ?? '', ...said };
      const other = byUid.get(uid);
      byUid.set(uid, other ? together(other, own) : own);
    }
  }
  return [...byUid.values()];
}

function together(one: StudyWords, other: StudyWords): StudyWords {
  const rank = ({ verdict }: StudyWords) => (verdict ? DOUBT.indexOf(verdict) : -1);
  const doubted = rank(other) > rank(one) ? other : one;
  return { ...doubted, comment: [one.comment, other.comment].filter(Boolean).join('\n') };
}
