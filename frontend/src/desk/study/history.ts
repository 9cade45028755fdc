/** What happened to a study, in words. The server sends stable names of actions; new ones stay readable. */
import { type MessageKey, t } from '../../locales';
import type { HistoryEntry } from '../types';

const ACTIONS: Record<string, MessageKey> = {
  'submission.opened': 'desk.history.submission_opened',
  'submission.finished': 'desk.history.submission_finished',
  'study.received': 'desk.history.received',
  'study.inspected': 'desk.history.inspected',
  'study.quarantined': 'desk.history.quarantined',
  'study.reconciled': 'desk.history.reconciled',
  'study.rejected': 'desk.history.rejected',
  'study.delivered': 'desk.history.delivered',
  'study.committed': 'desk.history.committed',
  'study.purged': 'desk.history.purged',
  'study.withdrawn': 'desk.history.withdrawn',
  'study.expired': 'desk.history.expired',
  'study.viewed': 'desk.history.viewed',
  'vault.read': 'desk.history.originals_read',
  'document.read': 'desk.history.document_read',
  'delivery.attempted': 'desk.history.delivery_attempted',
  'delivery.failed': 'desk.history.delivery_failed',
  'delivery.retried': 'desk.history.delivery_retried',
};

export function historySentence(entry: HistoryEntry): string {
  const key = ACTIONS[entry.action];
  if (key !== undefined) return t(key);
  return t('desk.history.other', { action: entry.action.replace(/[._]/g, ' ') });
}
