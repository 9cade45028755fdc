/**
 * Rule: no source file of the front end is longer than 250 lines, so that a file is about one thing.
 * Usage: node tools/check-budget.mjs
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const MAXIMUM_LINES = 250;
const MEASURED = /\.(ts|svelte|css|mjs)$/;

/** Yields every source file below `folder`. */
export function sourceFiles(folder, pattern = MEASURED) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => pattern.test(name))
    .map((name) => join(folder, name));
}

/** A sentence for each of `files` ({path, text}) that is too long. */
export function tooLong(files) {
  return files
    .map(({ path, text }) => ({ path, lines: text.replace(/\n$/, '').split('\n').length }))
    .filter(({ lines }) => lines > MAXIMUM_LINES)
    .map(({ path, lines }) => `${path}: ${lines} lines, at most ${MAXIMUM_LINES} are allowed`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const files = [...sourceFiles(join(root, 'src')), ...sourceFiles(join(root, 'tools'))];
  const complaints = tooLong(files.map((path) => ({ path, text: readFileSync(path, 'utf8') })));
  for (const complaint of complaints) console.error(complaint);
  process.exitCode = complaints.length > 0 ? 1 : 0;
}
