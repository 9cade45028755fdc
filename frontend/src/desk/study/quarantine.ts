/** Why the machine stopped a study, in plain words. */
import { type MessageKey, t } from '../../locales';
import { codeText } from '../problems';

const REASONS: Record<string, MessageKey> = {
  several_patients: 'desk.quarantine.several_patients',
  malware: 'desk.quarantine.malware',
  identifier_left: 'desk.quarantine.identifier_left',
  unreadable: 'desk.quarantine.unreadable',
  incomplete: 'desk.quarantine.incomplete',
};

export function quarantineText(reason: string): string {
  const key = REASONS[reason];
  if (key !== undefined) return t(key);
  return reason === '' ? t('desk.quarantine.unknown') : codeText(reason);
}
