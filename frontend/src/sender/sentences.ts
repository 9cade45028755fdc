/** Words and sentences that depend on what was found: modalities, studies, reasons, time left. */
import type { Person } from '../identity/verdict';
import { errorText, formatBytes, formatDicomDate, type MessageKey, t, textIfKnown } from '../locales';
import { formatPersonName, forTheEye } from '../selection/charset';
import type { Study } from '../selection/grouping';
import type { LeftOutReason } from '../selection/left-out';
import type { Limits, Obstacle, Totals } from '../selection/plan';
import type { JudgedPatient } from '../selection/selection';

/** "MRI" for MR; the code itself when there is no word for it. */
export function modalityWord(code: string): string {
  return textIfKnown(`sender.modality.${code}`) ?? (code || t('sender.modality_unknown'));
}

/** What comes along with images and says nothing about what was examined. */
const BESIDES = new Set(['SR', 'DOC', 'PR', 'KO', 'SEG', 'REG', 'OT', 'SC']);

/** "CT scan, PET scan": the kinds of images; what only accompanies them is told when it is all there is. */
export function modalityWords(study: Pick<Study, 'modalities'>): string {
  const images = study.modalities.filter((code) => !BESIDES.has(code));
  const words = (images.length > 0 ? images : study.modalities).map(modalityWord);
  return [...new Set(words)].join(', ') || t('sender.modality_unknown');
}

/** Descriptions come from devices: "Thorax^1HEAD_NECK" is read as "Thorax 1HEAD NECK". */
export function readable(description: string): string {
  return description.replace(/[\^_]+/g, ' ').trim();
}

export function dateOrUnknown(value: string): string {
  return formatDicomDate(value) || t('sender.not_stated');
}

export function bornSentence(birthDate: string): string {
  const date = formatDicomDate(birthDate);
  return date ? t('sender.patient.born', { date }) : t('sender.patient.born_unknown');
}

/** Whether this is the person whom the hospital expects; where one thing differs, both are told. */
export function judgementSentence(patient: JudgedPatient, expected: Person): string {
  if (!patient.judgement) return '';
  const { verdict, fields } = patient.judgement;
  if (verdict === 'matches' || verdict === 'another_person') return t(`sender.verdict.${verdict}`);
  const about = fields.length === 1 ? fields[0] : 'several';
  const both =
    about === 'name'
      ? { expected: forTheEye(formatPersonName(expected.patient_name)), found: patient.name }
      : { expected: formatDicomDate(expected.birth_date), found: formatDicomDate(patient.birthDate) };
  return t(`sender.verdict.${verdict}.${about}` as MessageKey, both);
}

/** "MRI, 4 March 2025": enough to tell studies apart in a list. */
export function studyName(study: Study): string {
  const name = t('sender.study.name', { modality: modalityWords(study), date: dateOrUnknown(study.date) });
  return study.description ? `${name}: ${readable(study.description)}` : name;
}

export function obstacleSentence(obstacle: Obstacle, total: Totals, limits: Limits): string {
  const params = {
    size: formatBytes(total.bytes),
    max_size: formatBytes(limits.max_bytes),
    count: total.studies,
    max_studies: limits.max_studies,
  };
  return t(`sender.obstacle.${obstacle}`, params);
}

export function leftOutSentence(reason: LeftOutReason): string {
  return t(`sender.left_out.${reason}` as MessageKey);
}

/** Why a file did not arrive as it should; refusals of the server have codes of their own. */
export function refusalSentence(code: string): string {
  return textIfKnown(`error.${code}`) ?? textIfKnown(`sender.left_out.${code}`) ?? errorText('refused.other');
}

/** "about 5 minutes": rounded so that it does not flicker. */
export function timeLeft(seconds: number | null): string {
  if (seconds === null) return t('sender.time.unknown');
  if (seconds < 50) return t('sender.time.less_than_a_minute');
  const minutes = Math.ceil(seconds / 60);
  if (minutes <= 90) return t('sender.time.minutes', { count: minutes });
  return t('sender.time.hours', { count: Math.round(minutes / 60) });
}
