/** Delivery and storage commitment (PS3.4 Annex J) in plain sentences. */
import { type MessageKey, t } from '../../locales';
import { codeText } from '../problems';
import type { Commitment, DeliveryAttempt, RefusedInstance, StudyState } from '../types';

interface Look {
  sign: string;
  kind: '' | 'good' | 'doubt' | 'bad' | 'active';
  word: MessageKey;
  sentence: MessageKey;
}

const LOOKS: Record<Commitment, Look> = {
  none: {
    sign: '…',
    kind: '',
    word: 'desk.commitment.none',
    sentence: 'desk.commitment.none_sentence',
  },
  pending: {
    sign: '…',
    kind: 'active',
    word: 'desk.commitment.pending',
    sentence: 'desk.commitment.pending_sentence',
  },
  confirmed: {
    sign: '✓',
    kind: 'good',
    word: 'desk.commitment.confirmed',
    sentence: 'desk.commitment.confirmed_sentence',
  },
  failed: {
    sign: '!',
    kind: 'bad',
    word: 'desk.commitment.failed',
    sentence: 'desk.commitment.failed_sentence',
  },
};

/** The state of the study is what counts: a count by query may have proved it without a commitment. */
export function commitmentLook(state: StudyState, commitment: Commitment): Look {
  return state === 'committed' ? LOOKS.confirmed : LOOKS[commitment];
}

export function attemptSentence(attempt: DeliveryAttempt): string {
  const arrived = t('desk.images_delivered', { count: attempt.delivered });
  if (attempt.ended_at === null) return t('desk.attempt.running', { arrived });
  if (attempt.error_code === null || attempt.error_code === '') return t('desk.attempt.ended', { arrived });
  return t('desk.attempt.failed', { arrived, why: codeText(attempt.error_code, {}, 'desk.attempt.unknown') });
}

/** The reasons for which the PACS refused images, each once with how many it concerns. */
export function refusalSentences(refused: readonly RefusedInstance[]): string[] {
  const counts = new Map<string, number>();
  for (const { code, status } of refused) {
    const hex = status.toString(16).toUpperCase().padStart(4, '0');
    const why =
      code === '' || (code === 'destination.refused' && status > 0)
        ? t('desk.refusal.status', { status: hex })
        : codeText(code, {}, 'desk.attempt.unknown');
    counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  return [...counts].map(([why, count]) =>
    t('desk.refusal.of', { images: t('desk.images', { count }), why }),
  );
}
