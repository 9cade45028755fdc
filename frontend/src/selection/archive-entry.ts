/** One entry of a ZIP as a source file: unpacked as a stream from front to back, checked at its end. */
import type { FileEntry } from '@zip.js/zip.js';
import { SourceError, type SourceFile } from './source';

interface Run {
  reader: ReadableStreamDefaultReader<Uint8Array>;
  position: number;
  rest: Uint8Array;
  stop: AbortController;
}

const NOTHING = new Uint8Array(0);

/** An unpacking file. Reading on from where the last read ended is cheap; reading back starts again. */
export function unpackedFile(
  entry: FileEntry,
  path: string,
  depth: number,
  password: string | null | undefined,
  archive: SourceFile,
): SourceFile {
  const size = entry.uncompressedSize;
  let run: Run | null = null;
  const close = () => {
    run?.stop.abort();
    run = null;
  };
  const read = async (start: number, end: number): Promise<Uint8Array> => {
    try {
      if (!run || run.position > start) {
        close();
        run = begin(entry, password ?? undefined);
      }
      await take(run, start - run.position, null);
      const bytes = new Uint8Array(end - start);
      await take(run, bytes.byteLength, bytes);
      if (end === size) await expectEnd(run);
      return bytes;
    } catch {
      close();
      // Is the archive itself still there? Throws its own reason if not.
      await archive.read(0, 1);
      throw new SourceError('archive.entry_damaged');
    }
  };
  return { path, size, blob: null, depth, read, close };
}

function begin(entry: FileEntry, password: string | undefined): Run {
  const stop = new AbortController();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  // A failure ends the stream, where the reader meets it; the promise itself has no other listener.
  entry
    .getData(writable, { checkSignature: true, signal: stop.signal, ...(password ? { password } : {}) })
    .catch((error) => writable.abort(error).catch(() => undefined));
  return { reader: readable.getReader(), position: 0, rest: NOTHING, stop };
}

/** Moves on by `count` bytes, into `target` when there is one. Counts what comes out, believes no header. */
async function take(run: Run, count: number, target: Uint8Array | null): Promise<void> {
  let done = 0;
  while (done < count) {
    if (run.rest.byteLength === 0) {
      const { value, done: ended } = await run.reader.read();
      if (ended) throw new SourceError('archive.entry_damaged');
      run.rest = value;
      continue;
    }
    const part = run.rest.subarray(0, count - done);
    target?.set(part, done);
    done += part.byteLength;
    run.position += part.byteLength;
    run.rest = run.rest.subarray(part.byteLength);
  }
}

/** All declared bytes were read: nothing may follow, and the checksum must have been right. */
async function expectEnd(run: Run): Promise<void> {
  while (run.rest.byteLength === 0) {
    const { value, done } = await run.reader.read();
    if (done) return;
    run.rest = value;
  }
  throw new SourceError('archive.entry_damaged');
}
