/**
 * The ZIP library, loaded on first use. Its WebAssembly module (Deflate64, checksums) is an asset of its own:
 * embedded as a data address, as it comes by default, the page's content security policy forbids it.
 */
import wasmURI from '@zip.js/zip.js/dist/zip-module.wasm?url';
import { configure } from '@zip.js/zip.js/lib/zip-core-external.js';

configure({ useWebWorkers: false, wasmURI });

export { BlobReader, ERR_INVALID_PASSWORD, ZipReader } from '@zip.js/zip.js/lib/zip-core-external.js';
