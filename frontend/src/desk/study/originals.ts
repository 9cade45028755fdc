/** The answer of the vault as lines to read. It may hold single values and lists of them. */
import { t } from '../../locales';

/** Names and values as the vault holds them; only patient_id, issuer and accession_number are certain. */
export type OriginalIdentifiers = Record<string, unknown>;

const NAMES = {
  patient_id: 'desk.patient_id',
  issuer: 'desk.originals.issuer',
  issuer_of_patient_id: 'desk.originals.issuer',
  accession_number: 'desk.accession_number',
  study_id: 'desk.originals.study_id',
  requested_procedure_id: 'desk.originals.requested_procedure_id',
  scheduled_procedure_step_id: 'desk.originals.scheduled_procedure_step_id',
  performed_procedure_step_id: 'desk.originals.performed_procedure_step_id',
  placer_order_number: 'desk.originals.placer_order_number',
  filler_order_number: 'desk.originals.filler_order_number',
} as const;

function valuesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(valuesOf);
  if (typeof value === 'string' || typeof value === 'number') return [String(value)];
  return [];
}

export function originalLines(identifiers: OriginalIdentifiers): { name: string; value: string }[] {
  return Object.entries(identifiers)
    .map(([key, value]) => ({
      name: key in NAMES ? t(NAMES[key as keyof typeof NAMES]) : key.replaceAll('_', ' '),
      value: [...new Set(valuesOf(value))].filter((text) => text !== '').join(', '),
    }))
    .filter(({ value }) => value !== '');
}
