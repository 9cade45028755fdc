/** Why the machine stopped a study, in plain words. */
import { type MessageKey, t } from '../../locales';

const REASONS: Record<string, MessageKey> = {
  mixed_patients: 'desk.quarantine.mixed_patients',
  conflicting_instances: 'desk.quarantine.conflicting_instances',
  damaged_in_store: 'desk.quarantine.damaged_in_store',
  unreadable: 'desk.quarantine.unreadable',
};

export function quarantineText(reason: string): string {
  const key = REASONS[reason];
  if (key !== undefined) return t(key);
  return reason === '' ? t('desk.quarantine.unknown') : t('desk.quarantine.other', { reason });
}
