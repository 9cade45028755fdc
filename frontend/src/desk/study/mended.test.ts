import { expect, test } from 'vitest';
import { addMessages } from '../../locales';
import desk from '../../locales/en/desk.json';
import { mendedLines } from './mended';

addMessages(desk);

test('what leaves a picture incomplete comes first and is marked', () => {
  const lines = mendedLines([
    { code: 'preamble_added', instances: 2 },
    { code: 'pixel_data_truncated', instances: 1 },
  ]);
  expect(lines.map((line) => line.grave)).toEqual([true, false]);
  expect(lines[0]?.sentence).toContain('cut short');
  expect(lines[0]?.count).toBe('1 image');
  expect(lines[1]?.count).toBe('2 images');
});

test('a repair that this page does not know yet is still told', () => {
  expect(mendedLines([{ code: 'something_new', instances: 1 }])[0]?.sentence).toBe(
    'A fault of the file was mended.',
  );
});
