import { describe, expect, test } from 'vitest';
import {
  birthDateLooksMistyped,
  compareBirthDates,
  compareNames,
  comparePatients,
  fieldsToConfirm,
  markDifferences,
} from './compare';

describe('names', () => {
  test.each([
    ['MUSTER^Anna', 'Muster^Anna'],
    ['Müller^Jörg', 'MUELLER^JOERG'],
    ['Müller^Jörg', 'Muller^Jorg'],
    ['GARCÍA-LÓPEZ^José', 'Garcia Lopez^Jose'],
    ['Yamada^Tarou=山田^太郎', '=山田^太郎'],
    ['Groß^Eva', 'GROSS^EVA'],
  ])('%s and %s are the same', (left, right) => {
    expect(compareNames(left, right)).toBe('same');
    expect(compareNames(right, left)).toBe('same');
  });

  test.each([
    ['MUSTER^Anna^Maria', 'MUSTER^Anna'],
    ['Anna^Muster', 'Muster^Anna'],
    ['Schmitz^Christina', 'Schmitz^Christine'],
  ])('%s and %s are similar', (left, right) => {
    expect(compareNames(left, right)).toBe('similar');
    expect(compareNames(right, left)).toBe('similar');
  });

  test.each([
    ['MUSTER^Anna', 'MUSTER^Andreas'],
    ['MUSTER^Anna', 'MUSTER'],
    ['MEIER^Jan', 'MEIER^Jon'],
    ['Yamada^Tarou=山田^太郎', 'Yamada^Tarou=山田^太朗'],
  ])('%s and %s are different', (left, right) => {
    expect(compareNames(left, right)).toBe('different');
    expect(compareNames(right, left)).toBe('different');
  });

  test('a missing name proves nothing', () => {
    expect(compareNames('', 'MUSTER^Anna')).toBe('missing');
    expect(compareNames('Yamada^Tarou', '=山田^太郎')).toBe('missing');
  });
});

describe('birth dates', () => {
  test('agree to the day, in either way of writing', () => {
    expect(compareBirthDates('19480503', '1948.05.03')).toBe('same');
    expect(compareBirthDates('19480503', '19480504')).toBe('different');
    expect(compareBirthDates('', '19480504')).toBe('missing');
  });

  test('with day and month changed over are similar and look mistyped', () => {
    expect(compareBirthDates('19480503', '19480305')).toBe('similar');
    expect(birthDateLooksMistyped('19480503', '19480305')).toBe(true);
    expect(birthDateLooksMistyped('19480503', '19480503')).toBe(false);
    expect(birthDateLooksMistyped('19480503', '19790921')).toBe(false);
  });
});

describe('what must be confirmed', () => {
  const anna = { patient_name: 'MUSTER^Anna', birth_date: '19480503', sex: 'F' };

  test('is nothing when all agrees', () => {
    expect(fieldsToConfirm(comparePatients(anna, anna))).toEqual([]);
  });

  test('is every difference, and a birth date that does not agree to the day', () => {
    const other = { patient_name: 'MUSTER^Andreas', birth_date: '19480305', sex: 'M' };
    expect(fieldsToConfirm(comparePatients(anna, other))).toEqual(['name', 'birth_date', 'sex']);
  });

  test('is a missing name or birth date, while a missing sex is not', () => {
    const unknown = { patient_name: '', birth_date: '', sex: '' };
    expect(fieldsToConfirm(comparePatients(anna, unknown))).toEqual(['name', 'birth_date']);
  });
});

describe('marked differences', () => {
  const marked = (value: string, other: string) =>
    markDifferences(value, other)
      .filter((piece) => piece.differs)
      .map((piece) => piece.text);

  test('are the words that the other side lacks', () => {
    expect(marked('MUSTER, Anna Maria', 'Muster, Anna')).toEqual(['Maria']);
    expect(marked('3 May 1948', '5 March 1948')).toEqual(['3', 'May']);
  });

  test('lose no letter of the value', () => {
    const value = 'Müller-Lüdenscheidt, Élodie (山田)';
    expect(
      markDifferences(value, '')
        .map((piece) => piece.text)
        .join(''),
    ).toBe(value);
  });
});
