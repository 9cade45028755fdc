/**
 * Codes frames, each only where a sample of it becomes clearly smaller. The server makes the original bytes of
 * it again and compares their SHA-256. Runs in a worker; knows nothing of the page.
 */
import { codeSamples, type Encode, findLayout, type Layout } from './samples';

export interface Coded {
  encoding: string;
  bytes: Uint8Array;
}

/** Less is not worth a header; a sample is so long and has to shrink to this share, and so has the frame. */
const SMALLEST = 512;
const SAMPLE = 16 << 10;
const WORTH = 0.9;
const PLAIN_SYNTAXES = ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2'];
/** Beginnings of what is compressed already: PDF, JPEG, JPEG 2000, PNG, GIF, ZIP, gzip, 7z, RAR, WebP. */
const PACKED = [
  '%PDF',
  '\xff\xd8\xff',
  '\0\0\0\x0cjP',
  '\xff\x4f\xff\x51',
  '\x89PNG',
  'GIF8',
  'PK\x03\x04',
  '\x1f\x8b',
  '7z\xbc\xaf',
  'Rar!',
  'RIFF',
];

export class FrameCoder {
  /** Files that are compressed already. */
  readonly #packed = new Set<number>();
  /** Where the samples lie of files whose beginning was seen. */
  readonly #layouts = new Map<number, Layout>();
  #encode: Promise<Encode> | null = null;

  constructor(
    private readonly encodings: readonly string[],
    private readonly loadEncoder: () => Promise<Encode>,
  ) {}

  /** The frame of `file` that begins at `offset`, coded; null where plain is as good. */
  async code(file: number, offset: number, bytes: Uint8Array): Promise<Coded | null> {
    if (bytes.byteLength < SMALLEST) return null;
    if (offset === 0 && isPacked(bytes)) this.#packed.add(file);
    if (this.#packed.has(file)) return null;
    const most = bytes.byteLength * WORTH;
    const samples = await this.#samples(file, offset, bytes).catch(() => null);
    if (samples && samples.byteLength <= most) return { encoding: 'jls', bytes: samples };
    const coded = await this.#gzip(bytes);
    return coded && coded.bytes.byteLength <= most ? coded : null;
  }

  async #samples(file: number, offset: number, bytes: Uint8Array): Promise<Uint8Array | null> {
    if (!this.encodings.includes('jls')) return null;
    const layout = offset === 0 ? findLayout(bytes, transferSyntax(bytes)) : this.#layouts.get(file);
    if (!layout) return null;
    if (offset + bytes.byteLength < layout.end) this.#layouts.set(file, layout);
    else this.#layouts.delete(file);
    this.#encode ??= this.loadEncoder();
    return await codeSamples(bytes, offset, layout, await this.#encode, gzip);
  }

  async #gzip(bytes: Uint8Array): Promise<Coded | null> {
    if (!this.encodings.includes('gzip') || !(await isCompressible(bytes))) return null;
    return { encoding: 'gzip', bytes: await gzip(bytes) };
  }
}

/** One member of gzip (RFC 1952). */
export async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  const packed = stream.pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

/** Whether a sample from the middle becomes clearly smaller. */
export async function isCompressible(bytes: Uint8Array): Promise<boolean> {
  if (bytes.byteLength <= SAMPLE * 4) return true;
  const start = (bytes.byteLength - SAMPLE) >> 1;
  return (await gzip(bytes.subarray(start, start + SAMPLE))).byteLength < SAMPLE * WORTH;
}

/** Whether a file, by its beginning, is compressed already and not worth a try. */
export function isPacked(beginning: Uint8Array): boolean {
  const head = latin1(beginning.subarray(0, 16));
  if (PACKED.some((mark) => head.startsWith(mark)) || head.startsWith('ftyp', 4)) return true;
  const syntax = transferSyntax(beginning);
  return syntax !== null && !PLAIN_SYNTAXES.includes(syntax);
}

/** The Transfer Syntax UID of the File Meta Information (PS3.10 section 7.1), always explicit little endian. */
export function transferSyntax(beginning: Uint8Array): string | null {
  const head = latin1(beginning.subarray(0, 1024));
  if (!head.startsWith('DICM', 128)) return null;
  const at = head.indexOf('\x02\0\x10\0UI', 132);
  if (at < 0) return null;
  const length = head.charCodeAt(at + 6) | (head.charCodeAt(at + 7) << 8);
  return head.slice(at + 8, at + 8 + length).replace(/[\0 ]+$/, '');
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
