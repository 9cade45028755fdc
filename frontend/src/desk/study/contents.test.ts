import { expect, test } from 'vitest';
import { addMessages } from '../../locales';
import desk from '../../locales/en/desk.json';
import { contentLines } from './contents';

addMessages(desk);

test('each kind of content is named and counted', () => {
  expect(
    contentLines([
      { kind: 'structured_report', instances: 1 },
      { kind: 'encapsulated_pdf', instances: 3 },
    ]),
  ).toEqual([
    { name: 'Structured report', count: '1 object' },
    { name: 'PDF document', count: '3 objects' },
  ]);
});

test('a kind that this page does not know yet is still told', () => {
  expect(contentLines([{ kind: 'something_new', instances: 2 }])[0]?.name).toBe('Other clinical content');
});
