/** Reads packs as a server must, so that tests can look into them. Throws on anything malformed. */
import { MAXIMUM_HEADER, PACK_MARK } from './pack';

export interface ReadFrame {
  file: number;
  offset: number;
  sha256: string;
  bytes: Uint8Array;
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
    frames.push({ ...header, bytes: pack.subarray(start, start + header.size) });
    at = start + header.size;
  }
  return frames;
}

function checked(header: Record<string, unknown>): {
  file: number;
  offset: number;
  sha256: string;
  size: number;
} {
  const { file, offset, length, size, sha256 } = header;
  for (const value of [file, offset, length, size]) {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) throw new Error('number');
  }
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256) || length !== size)
    throw new Error('digest or size');
  return { file: file as number, offset: offset as number, sha256, size: size as number };
}
