import { describe, expect, test } from 'vitest';
import { MAXIMUM_LINES, tooLong } from './check-budget.mjs';
import { messageComplaints } from './check-messages.mjs';
import { MOST_BYTES, weightComplaints, weightOf } from './check-weight.mjs';

describe('the file budget', () => {
  test('complains about a file of one line too many', () => {
    const text = 'x\n'.repeat(MAXIMUM_LINES + 1);
    expect(tooLong([{ path: 'long.ts', text }])).toHaveLength(1);
  });

  test('accepts a file that just fits', () => {
    expect(tooLong([{ path: 'fits.ts', text: 'x\n'.repeat(MAXIMUM_LINES) }])).toEqual([]);
  });
});

describe('the message rule', () => {
  const parts = { shared: { 'a.known': 'Known' } };

  test('complains about a message that is missing', () => {
    expect(messageComplaints(parts, ["t('a.known'); t('a.missing')"])).toEqual([
      'a.missing is asked for but not in the catalogue',
    ]);
  });

  test('complains about a message that nobody asks for', () => {
    expect(messageComplaints(parts, ['nothing'])).toEqual(['a.known of shared is never asked for']);
  });

  test('complains about a key in two parts', () => {
    const twice = { shared: { 'a.known': 'Known' }, desk: { 'a.known': 'Known' } };
    expect(messageComplaints(twice, ["t('a.known')"])).toEqual(['a.known stands in shared and in desk']);
  });

  test('takes a template as the use of every key with its beginning', () => {
    expect(messageComplaints(parts, [`t(\`a.\${name}\`)`])).toEqual([]);
  });
});

describe('the weight of the first page', () => {
  const page =
    '<script src="./assets/a.js"></script><link href="./assets/b.css"><link href="./assets/c.svg">';

  test('counts scripts and styles that the page names, compressed', () => {
    const read = (name) => (name === 'index.html' ? Buffer.from(page) : Buffer.alloc(100_000, name));
    expect(weightOf('index.html', read)).toBeLessThan(1000);
  });

  test('complains about one byte too many', () => {
    expect(weightComplaints(MOST_BYTES + 1)).toHaveLength(1);
    expect(weightComplaints(MOST_BYTES)).toEqual([]);
  });
});
