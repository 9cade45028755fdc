/** What happened to a study, in words. The server sends stable names of actions; new ones stay readable. */
import { type MessageKey, t } from '../../locales';
import type { HistoryEntry } from '../types';

const ACTIONS: Record<string, MessageKey> = {
  'submission.created': 'desk.history.submission_created',
  'submission.submitted': 'desk.history.submission_submitted',
  'submission.withdrawn': 'desk.history.withdrawn',
  'submission.expired': 'desk.history.expired',
  'study.received': 'desk.history.received',
  'study.inspected': 'desk.history.inspected',
  'study.quarantined': 'desk.history.quarantined',
  'study.reconciled': 'desk.history.reconciled',
  'study.rejected': 'desk.history.rejected',
  'study.delivered': 'desk.history.delivered',
  'study.found_incomplete': 'desk.history.found_incomplete',
  'study.committed': 'desk.history.committed',
  'study.purged': 'desk.history.purged',
  'study.withdrawn': 'desk.history.withdrawn',
  'study.expired': 'desk.history.expired',
  'vault.identifiers_read': 'desk.history.originals_read',
  'vault.original_read': 'desk.history.original_file_read',
  'study.delivery_retried': 'desk.history.delivery_retried',
  'study.objects_deleted': 'desk.history.objects_deleted',
  'document.read': 'desk.history.document_read',
  'instance.released': 'desk.history.released',
  'instance.left_out': 'desk.history.left_out',
  'document.released': 'desk.history.released',
  'document.left_out': 'desk.history.left_out',
  'delivery.commitment_awaited': 'desk.history.commitment_awaited',
  'delivery.proof_failed': 'desk.history.proof_failed',
  'delivery.attempt_started': 'desk.history.delivery_started',
  'delivery.attempt_failed': 'desk.history.delivery_failed',
};

export function historySentence(entry: HistoryEntry): string {
  const key = ACTIONS[entry.action];
  if (key !== undefined) return t(key);
  return t('desk.history.other', { action: entry.action.replace(/[._]/g, ' ') });
}

const MACHINES: Record<string, MessageKey> = {
  system: 'desk.actor.system',
  sender: 'desk.actor.sender',
  operator: 'desk.actor.operator',
};

/** A colleague by name, everybody else by what they are. */
export function actorText(actor: string): string {
  const key = MACHINES[actor];
  return key === undefined ? actor : t(key);
}
