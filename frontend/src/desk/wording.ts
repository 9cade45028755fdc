/** Small phrases that several parts of the desk share. */
import { t } from '../locales';
import { ageInYears, elapsed, writtenDate } from './dates';

const SEXES = { M: 'desk.sex.M', F: 'desk.sex.F', O: 'desk.sex.O' } as const;

/** Patient's Sex (0010,0040) in words; an unusual value is shown as it is. */
export function sexText(value: string): string {
  if (value === '') return t('desk.not_given');
  return value in SEXES ? t(SEXES[value as keyof typeof SEXES]) : value;
}

/** "3 May 1948 (78 years)" */
export function birthDateText(value: string, today: Date): string {
  if (value.trim() === '') return t('desk.not_given');
  const years = ageInYears(value, today);
  if (years === null) return writtenDate(value);
  return t('desk.birth_date_and_age', { date: writtenDate(value), years: t('desk.years', { count: years }) });
}

export function elapsedText(iso: string, now: number): string {
  const { unit, count } = elapsed(iso, now);
  return t(`desk.elapsed.${unit}`, { count });
}

/** "250 images · 2 documents"; what is none is left out, except images. */
export function contentsText(images: number, documents: number): string {
  const parts = [t('desk.images', { count: images })];
  if (documents > 0) parts.push(t('desk.documents', { count: documents }));
  return parts.join(' · ');
}

export function orNotGiven(value: string): string {
  return value.trim() === '' ? t('desk.not_given') : value;
}
