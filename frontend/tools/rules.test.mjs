import { describe, expect, test } from 'vitest';
import { readPo } from './catalogues.mjs';
import { MAXIMUM_LINES, tooLong } from './check-budget.mjs';
import { messageComplaints } from './check-messages.mjs';
import { translationComplaints } from './check-translations.mjs';
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

describe('the rule of translations', () => {
  const english = { 'a.key': 'Hello {name}', 'a.count': { one: '{count} file', other: '{count} files' } };
  const header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n';
  const hello = (more = '') => `\n${more}msgctxt "a.key"\nmsgid "Hello {name}"\nmsgstr "Guten Tag, {name}"\n`;
  const files =
    '\nmsgctxt "a.count"\nmsgid "{count} file"\nmsgid_plural "{count} files"\nmsgstr[0] "eine Datei"\n';
  const whole = `${files}msgstr[1] "{count} Dateien"\n`;
  const complaints = (text) =>
    translationComplaints('de/a.po', english, readPo(header + text, ['one', 'other']), ['one', 'other']);

  test('accepts a message with all its forms, and one that says the number in a word', () => {
    expect(complaints(hello() + whole)).toEqual([]);
  });

  test.each([
    ['is missing', whole],
    ['lacks a text', hello() + files],
    ['is marked as fuzzy', hello('#, fuzzy\n') + whole],
    ['translates another English text', hello().replace('Hello', 'Hi') + whole],
    ['names {nam}, which is not in English', hello().replace('Tag, {name}', 'Tag, {nam}, {name}') + whole],
    ['leaves out {name}', hello().replace('Tag, {name}', 'Tag') + whole],
    [
      'is not an English message any more',
      `${hello() + whole}\nmsgctxt "a.old"\nmsgid "Old"\nmsgstr "Alt"\n`,
    ],
  ])('complains about one that %s', (what, text) => {
    expect(complaints(text)).toHaveLength(1);
    expect(complaints(text)[0]).toContain(what);
  });
});
