/** In tests there is no web server: assets of packages are fetched from disk. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const fetchFromNetwork = globalThis.fetch;

globalThis.fetch = async (request, init) => {
  const address = String(request instanceof Request ? request.url : request);
  if (!address.endsWith('.wasm')) return fetchFromNetwork(request, init);
  const inside = address.slice(address.indexOf('/node_modules/'));
  return new Response(await readFile(fileURLToPath(new URL(`..${inside}`, import.meta.url))));
};
