import { expect, test } from 'vitest';
import { bestOf } from './language';

const SPOKEN = ['en', 'de', 'ar'];

test('the first language that the browser asks for and the page speaks is taken', () => {
  expect(bestOf(['sv-SE', 'de-CH', 'en-GB'], SPOKEN)).toBe('de');
});

test('what was remembered goes before what the browser asks for', () => {
  expect(bestOf(['ar', 'de-CH'], SPOKEN)).toBe('ar');
});

test('nothing remembered and no known language is English', () => {
  expect(bestOf(['', 'sv', 'C'], SPOKEN)).toBe('en');
});
