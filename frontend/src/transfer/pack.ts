/**
 * The format of a pack: the mark `IMPACK01`, then frames, each a length (32 bits, big endian), a header in
 * JSON of that length, and the bytes that the header describes. The header names the file, where its bytes
 * belong, and their SHA-256. Cases that all implementations must agree on: tests/cases/packs.json.
 */

export const PACK_MARK = 'IMPACK01';
export const MAXIMUM_HEADER = 4096;

export interface Frame {
  file: number;
  offset: number;
  /** Number of original bytes, and their SHA-256. */
  length: number;
  sha256: string;
  encoding: string;
  /** What travels; the original bytes themselves when the encoding is "identity". */
  bytes: Uint8Array;
}

const encoder = new TextEncoder();

/** A frame of the bytes of `file` that begin at `offset`. */
export async function makeFrame(file: number, offset: number, bytes: Uint8Array): Promise<Frame> {
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  const sha256 = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { file, offset, length: bytes.byteLength, sha256, encoding: 'identity', bytes };
}

/** The pack as a body for a request; the bytes of the frames are not copied. */
export function encodePack(frames: readonly Frame[]): Blob {
  const parts: BlobPart[] = [PACK_MARK];
  for (const { file, offset, length, sha256, encoding, bytes } of frames) {
    const size = bytes.byteLength;
    const header = encoder.encode(JSON.stringify({ file, offset, length, sha256, encoding, size }));
    const headerLength = new Uint8Array(4);
    new DataView(headerLength.buffer).setUint32(0, header.byteLength);
    parts.push(headerLength, header, bytes as Uint8Array<ArrayBuffer>);
  }
  return new Blob(parts, { type: 'application/vnd.importal.pack' });
}
