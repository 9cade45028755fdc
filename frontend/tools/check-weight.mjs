/**
 * Rule: what the sender's page loads before anything is chosen stays light: many send from an old phone and a slow line.
 * Counted is what `index.html` names, compressed as a server does. The aim is 40 kB; the limit keeps what was reached.
 * Usage: node tools/check-weight.mjs
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

export const MOST_BYTES = 51_000;
const NAMED = /(?:src|href)="\.\/(assets\/[^"]+\.(?:js|css))"/g;

/** The bytes on the way of a page and of what it names; `read` gives the content of a file. */
export function weightOf(page, read) {
  const html = read(page);
  const names = [...html.toString().matchAll(NAMED)].map((match) => match[1]);
  return [html, ...names.map(read)].reduce((sum, content) => sum + gzipSync(content, { level: 9 }).length, 0);
}

/** A sentence when the page is too heavy. */
export function weightComplaints(bytes) {
  return bytes > MOST_BYTES
    ? [`the sender's page loads ${bytes} bytes, at most ${MOST_BYTES} are allowed`]
    : [];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const built = fileURLToPath(new URL('../../src/importal/web_assets', import.meta.url));
  const bytes = weightOf('index.html', (name) => readFileSync(join(built, name)));
  const complaints = weightComplaints(bytes);
  for (const complaint of complaints) console.error(complaint);
  process.exitCode = complaints.length > 0 ? 1 : 0;
}
