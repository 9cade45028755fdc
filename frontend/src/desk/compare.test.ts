import { describe, expect, test } from 'vitest';
import { compareBirthDates } from '../identity/comparison';
import { birthDateLooksMistyped, comparePatients, fieldsToConfirm, markDifferences } from './compare';

describe('birth dates', () => {
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
