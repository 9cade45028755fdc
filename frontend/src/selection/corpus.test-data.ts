/** Where tests find the corpus of real, broken and hostile files. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const FRONTEND = fileURLToPath(new URL('../..', import.meta.url));
export const CORPUS = process.env.IMPORTAL_CORPUS ?? resolve(FRONTEND, '../../shared/corpus');
/** Without the corpus these tests are skipped, except in continuous integration, where they fail. */
export const CORPUS_MISSING = !existsSync(join(CORPUS, 'MANIFEST.tsv')) && process.env.CI !== 'true';

/** Rows of a tab-separated file with one header line. */
export function readTable(path: string): Record<string, string>[] {
  const [head = '', ...lines] = readFileSync(join(CORPUS, path), 'utf8').split('\n').filter(Boolean);
  const names = head.split('\t');
  return lines.map((line) => Object.fromEntries(line.split('\t').map((cell, i) => [names[i], cell])));
}

export function readCorpusFile(path: string): Uint8Array {
  return new Uint8Array(readFileSync(join(CORPUS, path)));
}
