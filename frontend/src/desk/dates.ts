/**
 * Dates as people read them. DICOM dates (PS3.5 section 6.2, value representation DA) are YYYYMMDD and often incomplete.
 * A date that is none is shown as it was written: the clerk must see what the source says.
 */

import { formatDicomDate } from '../locales';

const MILLISECONDS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

interface CalendarDate {
  year: number;
  month: number;
  day: number;
}

/** Parts of a complete, existing DICOM date; null for anything else. */
export function calendarDate(value: string): CalendarDate | null {
  const match = /^(\d{4})[.-]?(\d{2})[.-]?(\d{2})$/.exec(value.trim());
  if (match === null) return null;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const date = new Date(Date.UTC(year, month - 1, day));
  date.setUTCFullYear(year);
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists ? { year, month, day } : null;
}

/** "3 May 1948"; a value that is no date comes back as it is. */
export function writtenDate(value: string): string {
  return formatDicomDate(value) || value.trim();
}

/** Whole years between a birth date and today; null when either is unknown or lies in the future. */
export function ageInYears(birthDate: string, today: Date): number | null {
  const born = calendarDate(birthDate);
  if (born === null) return null;
  const [year, month, day] = [today.getFullYear(), today.getMonth() + 1, today.getDate()];
  const beforeBirthday = month < born.month || (month === born.month && day < born.day);
  const years = year - born.year - (beforeBirthday ? 1 : 0);
  return years < 0 ? null : years;
}

export interface Elapsed {
  unit: 'now' | 'minutes' | 'hours' | 'days';
  count: number;
}

/** How long ago something was, in the coarsest unit that still says something. */
export function elapsed(iso: string, now: number): Elapsed {
  const passed = Math.max(0, now - new Date(iso).getTime());
  if (!(passed >= MILLISECONDS.minute)) return { unit: 'now', count: 0 };
  if (passed < MILLISECONDS.hour) {
    return { unit: 'minutes', count: Math.floor(passed / MILLISECONDS.minute) };
  }
  if (passed < 2 * MILLISECONDS.day) {
    return { unit: 'hours', count: Math.floor(passed / MILLISECONDS.hour) };
  }
  return { unit: 'days', count: Math.floor(passed / MILLISECONDS.day) };
}

/** YYYYMMDD from the value of a date input (YYYY-MM-DD), and back. */
export function dicomDate(inputValue: string): string {
  return inputValue.replaceAll('-', '');
}

export function inputDate(value: string): string {
  const parts = calendarDate(value);
  if (parts === null) return '';
  const two = (number: number) => String(number).padStart(2, '0');
  return `${String(parts.year).padStart(4, '0')}-${two(parts.month)}-${two(parts.day)}`;
}
