import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Comparison, compareBirthDates, compareNames } from './comparison';
import { type Judgement, judge, type Person } from './verdict';

interface Pair {
  left: string;
  right: string;
  answer: Comparison;
}

interface Cases {
  names: Pair[];
  birth_dates: Pair[];
  persons: (Judgement & { expected: Person; found: Person })[];
}

/** The cases that the server passes as well. */
const cases: Cases = JSON.parse(
  readFileSync(new URL('../../../tests/cases/identity.json', import.meta.url), 'utf-8'),
);

describe('the cases that hold for page and server alike', () => {
  test.each(cases.names)('$left beside $right is $answer', ({ left, right, answer }) => {
    expect(compareNames(left, right)).toBe(answer);
    expect(compareNames(right, left)).toBe(answer);
  });

  test.each(cases.birth_dates)('$left beside $right is $answer', ({ left, right, answer }) => {
    expect(compareBirthDates(left, right)).toBe(answer);
    expect(compareBirthDates(right, left)).toBe(answer);
  });

  test.each(cases.persons)(
    '$found where $expected is expected: $verdict',
    ({ expected, found, verdict, fields }) => {
      expect(judge(expected, found)).toEqual({ verdict, fields });
    },
  );
});
