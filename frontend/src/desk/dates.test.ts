import { describe, expect, test } from 'vitest';
import { ageInYears, dicomDate, elapsed, inputDate, writtenDate } from './dates';

describe('a date written out', () => {
  test('names the month, so that day and month cannot be confused', () => {
    expect(writtenDate('19480503')).toBe('3 May 1948');
  });

  test.each(['1948', '19480230', '194805', 'unknown'])('shows %s as the source wrote it', (value) => {
    expect(writtenDate(value)).toBe(value);
  });
});

describe('age', () => {
  test('changes on the birthday', () => {
    expect(ageInYears('19480503', new Date(2026, 4, 2))).toBe(77);
    expect(ageInYears('19480503', new Date(2026, 4, 3))).toBe(78);
  });

  test('is unknown for a date that is none or lies ahead', () => {
    expect(ageInYears('1948', new Date(2026, 0, 1))).toBeNull();
    expect(ageInYears('20300101', new Date(2026, 0, 1))).toBeNull();
  });
});

describe('elapsed time', () => {
  const now = Date.parse('2026-05-03T12:00:00Z');

  test.each([
    ['2026-05-03T11:59:30Z', 'now', 0],
    ['2026-05-03T11:15:00Z', 'minutes', 45],
    ['2026-05-02T12:00:00Z', 'hours', 24],
    ['2026-04-28T11:00:00Z', 'days', 5],
    ['2026-05-03T12:05:00Z', 'now', 0],
    ['no time at all', 'now', 0],
  ] as const)('since %s is told in %s', (iso, unit, count) => {
    expect(elapsed(iso, now)).toEqual({ unit, count });
  });
});

test('a date field and DICOM exchange dates without loss', () => {
  expect(dicomDate('1948-05-03')).toBe('19480503');
  expect(inputDate('19480503')).toBe('1948-05-03');
  expect(inputDate('1948')).toBe('');
});
