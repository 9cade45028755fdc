/**
 * Rule: every message that the code asks for exists in the catalogue, every message of the catalogue is
 * asked for somewhere, and no key stands in two parts. The keys of errors.json and refusals.json are asked for by code
 * at run time and are exempt from the second half. A key built from a template, t(`modality.${code}`),
 * counts as a use of every key with that beginning.
 * Usage: node tools/check-messages.mjs
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { sourceFiles } from './check-budget.mjs';

const LITERAL = /['"]([a-z]\w*(?:\.[\w-]+)+)['"]/g;
const TEMPLATE = /`([a-z]\w*(?:\.[\w-]+)*\.)\$\{/g;
/** Their keys are codes, found by the server. */
const RUN_TIME = new Set(['errors', 'refusals']);
const CALL = /\bt\(\s*['"]([^'"]+)['"]/g;

/** Complaints about `parts` ({name: {key: message}}) and `sources` (texts of the code). */
export function messageComplaints(parts, sources) {
  const complaints = [];
  const known = new Map();
  for (const [part, messages] of Object.entries(parts)) {
    for (const key of Object.keys(messages)) {
      if (known.has(key)) complaints.push(`${key} stands in ${known.get(key)} and in ${part}`);
      known.set(key, part);
    }
  }
  const text = sources.join('\n');
  const used = new Set([...text.matchAll(LITERAL)].map((match) => match[1]));
  const beginnings = [...text.matchAll(TEMPLATE)].map((match) => match[1]);
  for (const [, key] of text.matchAll(CALL)) {
    if (!known.has(key)) complaints.push(`${key} is asked for but not in the catalogue`);
  }
  for (const [key, part] of known) {
    if (RUN_TIME.has(part) || used.has(key) || beginnings.some((start) => key.startsWith(start))) continue;
    complaints.push(`${key} of ${part} is never asked for`);
  }
  return complaints;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const source = fileURLToPath(new URL('../src', import.meta.url));
  const parts = Object.fromEntries(
    sourceFiles(join(source, 'locales', 'en'), /\.json$/).map((path) => [
      basename(path, '.json'),
      JSON.parse(readFileSync(path, 'utf8')),
    ]),
  );
  const texts = sourceFiles(source, /(?<!\.test)\.(ts|svelte)$/).map((path) => readFileSync(path, 'utf8'));
  const complaints = messageComplaints(parts, texts);
  for (const complaint of complaints) console.error(complaint);
  process.exitCode = complaints.length > 0 ? 1 : 0;
}
