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

const SLIP_LENGTH = 5;
const EXPANDED: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', å: 'aa', ø: 'oe' };

/** Whether one letter was changed, left out, added, or changed over with its neighbour. */
function isSlip(left: string, right: string): boolean {
  const [shorter, longer] = left.length <= right.length ? [left, right] : [right, left];
  let at = 0;
  while (at < shorter.length && shorter[at] === longer[at]) at += 1;
  if (longer.length - shorter.length === 1) return shorter.slice(at) === longer.slice(at + 1);
  if (longer.length !== shorter.length) return false;
  const changedOver = [...shorter.slice(at, at + 2)].reverse().join('') === longer.slice(at, at + 2);
  if (changedOver && shorter.slice(at + 2) === longer.slice(at + 2)) return true;
  return shorter.slice(at + 1) === longer.slice(at + 1);
}

/** The words without accents, and with umlauts written out: Müller is Muller and Mueller. */
function writings(value: string): [string[], string[]] {
  const expanded = value
    .normalize('NFC')
    .replace(/[äöüåø]/giu, (letter) => EXPANDED[letter.toLowerCase()] ?? '');
  return [foldedWords(value), foldedWords(expanded)];
}

function meet(ours: string[], theirs: string[]): Comparison {
  if (ours.join('') === theirs.join('')) return 'same';
  const [fewer, more] = ours.length <= theirs.length ? [ours, theirs] : [theirs, ours];
  const left = [...more];
  let inFull = 0;
  let slips = 0;
  for (const word of [...fewer].sort((one, other) => other.length - one.length)) {
    let place = left.indexOf(word);
    if (place < 0) {
      place = left.findIndex(
        (other) => Math.min(word.length, other.length) >= SLIP_LENGTH && isSlip(word, other),
      );
      slips += 1;
    }
    if (place < 0) return 'different';
    left.splice(place, 1);
    inFull += 1;
  }
  // One common word of several is not enough: brothers and sisters share the family name.
  return slips <= 1 && (inFull >= 2 || more.length === 1) ? 'similar' : 'different';
}

function compareGroups(left: string, right: string): Comparison {
  const [ours, theirs] = [writings(left), writings(right)];
  if (ours[0].length === 0 || theirs[0].length === 0) return 'missing';
  const answers = ours.flatMap((one) => theirs.map((other) => meet(one, other)));
  return (['same', 'similar'] as const).find((answer) => answers.includes(answer)) ?? 'different';
}

/** Alphabetic with alphabetic, ideographic with ideographic: characters tell names apart that sound alike. */
export function compareNames(left: string, right: string): Comparison {
  const [ours, theirs] = [left.split('='), right.split('=')];
  const [alphabetic, ideographic] = [0, 1].map((group) =>
    compareGroups(ours[group] ?? '', theirs[group] ?? ''),
  );
  if (ideographic === undefined || ideographic === 'missing') return alphabetic ?? 'missing';
  if (ideographic !== 'same') return 'different';
  return alphabetic === 'same' || alphabetic === 'missing' ? 'same' : 'similar';
}

export function compareBirthDates(left: string, right: string): Comparison {
  const [ours, theirs] = [left, right].map((value) => value.replace(/[\s.\-/]/g, ''));
  if (!ours || !theirs) return 'missing';
  if (ours === theirs) return 'same';
  const changedOver = ours.slice(0, 4) + ours.slice(6, 8) + ours.slice(4, 6);
  return calendarDate(theirs) !== null && changedOver === theirs ? 'similar' : 'different';
}

/** The same digits in another order: worth a hint, and still no agreement. */
export function birthDateLooksMistyped(left: string, right: string): boolean {
  if (calendarDate(left) === null || calendarDate(right) === null) return false;
  if (compareBirthDates(left, right) === 'same') return false;
  const digits = (value: string) => [...value.replace(/\D/g, '')].sort().join('');
  return digits(left) === digits(right);
}

export function compareSexes(left: string, right: string): Comparison {
  const known = ['M', 'F', 'O'];
  if (!known.includes(left) || !known.includes(right)) return 'missing';
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
/**
 * What a person must confirm before filing: a birth date that does not agree to the day, another sex, and a name that
 * differs or cannot be compared. The server demands the same.
 */
export function fieldsToConfirm(comparison: PatientComparison): Field[] {
  const fields: Field[] = [];
  if (comparison.name === 'different' || comparison.name === 'missing') fields.push('name');
  if (comparison.birth_date !== 'same') fields.push('birth_date');
  if (comparison.sex === 'different') fields.push('sex');
  return fields;
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
