import { describe, expect, test } from 'vitest';
import { numberFiles, type RecognisedFile } from './numbering';
import type { TransferFile } from './work';

const read = () => Promise.resolve(new Uint8Array());

describe('numbers of files', () => {
  const chosen = (...paths: string[]): RecognisedFile[] =>
    paths.map((path) => ({
      file: { path, size: 5, blob: null, read },
      role: 'instance',
      fingerprint: `of ${path}`,
    }));
  const numbers = (files: readonly TransferFile[]) =>
    Object.fromEntries(files.map(({ file, number }) => [file.path, number]));
  const there = (...fingerprints: string[]) =>
    fingerprints.map((fingerprint, number) => ({ number, fingerprint, state: 'stored' as const }));

  test('do not depend on the order in which files are chosen', () => {
    expect(numbers(numberFiles(chosen('b', 'a'), []))).toEqual({ a: 0, b: 1 });
  });

  test('are those that the server knows, and new ones for everything else', () => {
    const files = numberFiles(chosen('c', 'new', 'a'), there('of a', 'of b', 'of c'));
    expect(numbers(files)).toEqual({ c: 2, new: 3, a: 0 });
    expect(files.map(({ file }) => file.path)).toEqual(['c', 'new', 'a']);
  });

  test('are new for another file under the same path', () => {
    expect(numbers(numberFiles(chosen('a'), there('of another a')))).toEqual({ a: 1 });
  });
});
