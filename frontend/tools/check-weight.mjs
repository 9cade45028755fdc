/**
 * Rule: what the sender's page loads before anything is chosen stays light: many send from an old phone and a slow line.
 * Counted is what `index.html` names and one catalogue, the heaviest, compressed as a server does. The aim is 40 kB; the limit keeps what was reached.
 * Usage: node tools/check-weight.mjs
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

export const MOST_BYTES = 45_500;
const NAMED = /(?:src|href)="\.\/(assets\/[^"]+\.(?:js|css))"/g;

/** The bytes on the way of a page, of what it names and of the heaviest of `catalogues`; `read` gives a file's content. */
export function weightOf(page, read, catalogues = []) {
  const html = read(page);
  const names = [...html.toString().matchAll(NAMED)].map((match) => match[1]);
  const packed = (content) => gzipSync(content, { level: 9 }).length;
  const own = [html, ...names.map(read)].reduce((sum, content) => sum + packed(content), 0);
  return own + Math.max(0, ...catalogues.map((name) => packed(read(name))));
}

/** A sentence when the page is too heavy. */
export function weightComplaints(bytes) {
  return bytes > MOST_BYTES
    ? [`the sender's page loads ${bytes} bytes, at most ${MOST_BYTES} are allowed`]
    : [];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const built = fileURLToPath(new URL('../../src/importal/web_assets', import.meta.url));
  const catalogues = readdirSync(join(built, 'assets'))
    .filter((name) => /^first-.*\.js$/.test(name))
    .map((name) => join('assets', name));
  const bytes = weightOf('index.html', (name) => readFileSync(join(built, name)), catalogues);
  const complaints = weightComplaints(bytes);
  for (const complaint of complaints) console.error(complaint);
  process.exitCode = complaints.length > 0 ? 1 : 0;
}
