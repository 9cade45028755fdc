import { describe, expect, test } from 'vitest';
import { MAXIMUM_LINES, tooLong } from './check-budget.mjs';
import { messageComplaints } from './check-messages.mjs';

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
