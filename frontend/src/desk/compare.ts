/**
 * Do the patient of the sender and a local patient look like one person?
 *
 * The server compares the candidates that it finds; this module compares what a person typed or searched for, with the
 * same four answers. It is a help for the eye: the server compares again before it files anything.
 */
import { compareBirthDates, compareNames, compareSexes } from '../identity/comparison';
import { calendarDate } from './dates';
import { foldedWords } from './names';
import type { LocalPatient, PatientComparison } from './types';

export interface ComparedPatient {
  patient_name: string;
  birth_date: string;
  sex: string;
}

/** The same digits in another order: worth a hint, and still no agreement. */
export function birthDateLooksMistyped(left: string, right: string): boolean {
  if (calendarDate(left) === null || calendarDate(right) === null) return false;
  if (compareBirthDates(left, right) === 'same') return false;
  const digits = (value: string) => [...value.replace(/\D/g, '')].sort().join('');
  return digits(left) === digits(right);
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
