/** Reads packs as a server must, so that tests can look into them. Throws on anything malformed. */
import { crc32, inflateRawSync } from 'node:zlib';
import { MAXIMUM_HEADER, PACK_MARK } from './pack';

export interface ReadFrame {
  file: number;
  offset: number;
  sha256: string;
  encoding: string;
  /** The original bytes. */
  bytes: Uint8Array;
}

/** What the server makes of a frame. Throws unless exactly `length` bytes come out of all that came. */
export function decodeFrame(encoding: string, coded: Uint8Array, length: number): Uint8Array {
  if (encoding === 'identity') return coded;
  if (encoding !== 'gzip') throw new Error('encoding');
  return gunzipOne(coded, length);
}

/** One member of gzip (RFC 1952), and nothing behind it. */
function gunzipOne(coded: Uint8Array, length: number): Uint8Array {
  if (coded[0] !== 0x1f || coded[1] !== 0x8b || coded[2] !== 8) throw new Error('gzip');
  const hasName = coded[3] === 8;
  if (!hasName && coded[3] !== 0) throw new Error('not needed by these tests');
  const start = hasName ? coded.indexOf(0, 10) + 1 : 10;
  const options = { maxOutputLength: length + 1, info: true };
  const { buffer, engine } = inflateRawSync(coded.subarray(start), options) as unknown as {
    buffer: Uint8Array;
    engine: { bytesWritten: number };
  };
  const view = new DataView(coded.buffer, coded.byteOffset, coded.byteLength);
  const end = start + engine.bytesWritten;
  if (end + 8 !== coded.length || buffer.length !== length) throw new Error('length');
  if (view.getUint32(end, true) !== crc32(buffer)) throw new Error('checksum');
  return buffer;
}

export function readPack(pack: Uint8Array): ReadFrame[] {
  if (new TextDecoder().decode(pack.subarray(0, 8)) !== PACK_MARK) throw new Error('mark');
  const view = new DataView(pack.buffer, pack.byteOffset, pack.byteLength);
  const frames: ReadFrame[] = [];
  for (let at = 8; at < pack.byteLength; ) {
    const length = view.getUint32(at);
    if (length === 0 || length > MAXIMUM_HEADER || at + 4 + length > pack.byteLength)
      throw new Error('header length');
    const text = new TextDecoder('utf-8', { fatal: true }).decode(pack.subarray(at + 4, at + 4 + length));
    const header = checked(JSON.parse(text));
    const start = at + 4 + length;
    if (start + header.size > pack.byteLength) throw new Error('cut');
    const bytes = decodeFrame(header.encoding, pack.subarray(start, start + header.size), header.length);
    frames.push({ ...header, bytes });
    at = start + header.size;
  }
  return frames;
}

function checked(header: Record<string, unknown>): {
  file: number;
  offset: number;
  sha256: string;
  encoding: string;
  length: number;
  size: number;
} {
  const { file, offset, length, size, sha256, encoding } = header;
  for (const value of [file, offset, length, size]) {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) throw new Error('number');
  }
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) throw new Error('digest');
  const isPlain = encoding === 'identity';
  if (isPlain ? length !== size : (size as number) > (length as number)) throw new Error('size');
  return {
    file: file as number,
    offset: offset as number,
    sha256,
    encoding: encoding as string,
    length: length as number,
    size: size as number,
  };
}
