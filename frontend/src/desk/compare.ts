/**
 * Do the patient of the sender and a local patient look like one person?
 *
 * The server compares the candidates that it finds; this module compares what a person typed or searched for, with the
 * same four answers. It is a help for the eye: the server compares again before it files anything.
 */
import { calendarDate } from './dates';
import { foldedWords } from './names';
import type { Comparison, LocalPatient, PatientComparison } from './types';

export interface ComparedPatient {
  patient_name: string;
  birth_date: string;
  sex: string;
}

/** Number of letters to insert, leave out or replace to get from one word to the other (Levenshtein). */
function distance(left: string, right: string): number {
  const from = [...left];
  const to = [...right];
  let row = to.map((_, index) => index + 1);
  for (const [index, letter] of from.entries()) {
    let before = index + 1;
    const next: number[] = [];
    for (const [position, other] of to.entries()) {
      const diagonal = position === 0 ? index : (row[position - 1] ?? 0);
      before = Math.min(before + 1, (row[position] ?? 0) + 1, diagonal + (letter === other ? 0 : 1));
      next.push(before);
    }
    row = next;
  }
  return row.at(-1) ?? from.length;
}

function alike(left: string, right: string): boolean {
  const shorter = Math.min(left.length, right.length);
  if (shorter >= 2 && (left.startsWith(right) || right.startsWith(left))) return true;
  return distance(left, right) <= (shorter >= 6 ? 2 : shorter >= 3 ? 1 : 0);
}

function compareGroups(left: string, right: string): Comparison {
  const [ours, theirs] = [foldedWords(left), foldedWords(right)];
  if (ours.length === 0 || theirs.length === 0) return 'missing';
  if (ours.join(' ') === theirs.join(' ')) return 'same';
  const [fewer, more] = ours.length <= theirs.length ? [ours, theirs] : [theirs, ours];
  const found = fewer.every((word) => more.some((other) => alike(word, other)));
  // One common word of several is not enough: brothers and sisters share the family name.
  return found && (fewer.length > 1 || more.length === 1) ? 'similar' : 'different';
}

/** Names agree when any of their writings (alphabetic, ideographic, phonetic) agrees. */
export function compareNames(left: string, right: string): Comparison {
  const [ours, theirs] = [left.split('='), right.split('=')];
  const pairs = ours.map((group, index) => compareGroups(group, theirs[index] ?? ''));
  for (const answer of ['same', 'similar', 'different'] as const) {
    if (pairs.includes(answer)) return answer;
  }
  return 'missing';
}

function sameDigits(left: string, right: string): boolean {
  return [...left].sort().join('') === [...right].sort().join('');
}

export function compareBirthDates(left: string, right: string): Comparison {
  if (left.trim() === '' || right.trim() === '') return 'missing';
  const [ours, theirs] = [calendarDate(left), calendarDate(right)];
  if (ours === null || theirs === null) return left.trim() === right.trim() ? 'same' : 'different';
  const fields = ['year', 'month', 'day'] as const;
  if (fields.every((field) => ours[field] === theirs[field])) return 'same';
  return 'different';
}

/** Day and month exchanged, or two digits: worth a hint, and still a difference. */
export function birthDateLooksMistyped(left: string, right: string): boolean {
  const [ours, theirs] = [calendarDate(left), calendarDate(right)];
  if (ours === null || theirs === null || compareBirthDates(left, right) === 'same') return false;
  const plain = (value: string) => value.replace(/\D/g, '');
  return sameDigits(plain(left), plain(right));
}

export function compareSexes(left: string, right: string): Comparison {
  if (left === '' || right === '') return 'missing';
  return left === right ? 'same' : 'different';
}

export function comparePatients(source: ComparedPatient, local: ComparedPatient): PatientComparison {
  return {
    name: compareNames(source.patient_name, local.patient_name),
    birth_date: compareBirthDates(source.birth_date, local.birth_date),
    sex: compareSexes(source.sex, local.sex),
  };
}

export type Field = keyof PatientComparison;
const FIELDS: readonly Field[] = ['name', 'birth_date', 'sex'];

/** What a person must confirm before filing: every difference, and a name or birth date that cannot be compared. */
export function fieldsToConfirm(comparison: PatientComparison): Field[] {
  return FIELDS.filter((field) => {
    const answer = comparison[field];
    return answer === 'different' || (answer === 'missing' && field !== 'sex');
  });
}

/** Marks of agreement, the most alike first; used to order what a search found. */
export function likeness(comparison: PatientComparison): number {
  const points = { same: 3, similar: 2, missing: 1, different: 0 } as const;
  return 3 * points[comparison.birth_date] + 2 * points[comparison.name] + points[comparison.sex];
}

export function isComplete(patient: LocalPatient): boolean {
  return patient.patient_id.trim() !== '' && patient.patient_name.trim() !== '';
}

export interface Piece {
  text: string;
  differs: boolean;
}

/** A value cut into words and what lies between them; words that the other value lacks are marked. */
export function markDifferences(value: string, other: string): Piece[] {
  const known = new Set(foldedWords(other));
  const pieces = value.split(/([\p{Letter}\p{Mark}\p{Number}]+)/u).filter((text) => text !== '');
  return pieces.map((text) => ({
    text,
    differs: foldedWords(text).some((word) => !known.has(word)),
  }));
}
