/**
 * Samples of uncompressed images as lossless JPEG-LS: where they lie in a file, and the encoding `jls` of a
 * frame (docs/reference/transfer-protocol.md). A frame may begin and end anywhere: its whole rows are one image,
 * frames of a multi-frame image and planes of colour one below the other; all other bytes go as gzip.
 */
import { type ElementStream, walk } from '../../selection/elements';

export interface Layout {
  /** Where the samples begin and end in the file. */
  start: number;
  end: number;
  columns: number;
  components: number;
  allocated: number;
  stored: number;
  signed: boolean;
}

export interface Image {
  rows: number;
  columns: number;
  components: number;
  bits: number;
}

/** Makes the JPEG-LS stream of samples, interleaved by sample. */
export type Encode = (samples: Uint8Array, image: Image) => Uint8Array;
type Gzip = (bytes: Uint8Array) => Promise<Uint8Array>;

/** Less is not worth an image of its own. */
const SMALLEST = 4096;
const MOST_ROWS = 65535;
const HEAD = 14;
const PIXEL_DATA = 0x7fe00010;
const UNDEFINED_LENGTH = 0xffffffff;
const EXPLICIT = '1.2.840.10008.1.2.1';
const IMPLICIT = '1.2.840.10008.1.2';
/** Samples per Pixel, Planar Configuration, Columns, Bits Allocated, Bits Stored, Pixel Representation. */
const WATCHED = new Set([0x00280002, 0x00280006, 0x00280011, 0x00280100, 0x00280101, 0x00280103]);

/** Where the samples of a file lie, by its beginning; null for anything unusual (PS3.5 section 8). */
export function findLayout(beginning: Uint8Array, transferSyntax: string | null): Layout | null {
  if (transferSyntax !== EXPLICIT && transferSyntax !== IMPLICIT) return null;
  const view = new DataView(beginning.buffer, beginning.byteOffset, beginning.byteLength);
  // The group length (0002,0000) comes first and says where the File Meta Information ends.
  if (view.byteLength < 160 || view.getUint32(132, true) !== 2) return null;
  const explicit = transferSyntax === EXPLICIT;
  const position = 144 + view.getUint32(140, true);
  const stream: ElementStream = { bytes: beginning, position, littleEndian: true, explicit, complete: true };
  const values = new Map<number, number>();
  walk(stream, (tag, value) => {
    if (WATCHED.has(tag) && value.byteLength === 2) values.set(tag, (value[0] ?? 0) | ((value[1] ?? 0) << 8));
    return false;
  });
  return samplesAt(view, stream.position, explicit, values);
}

function samplesAt(
  view: DataView,
  position: number,
  explicit: boolean,
  values: ReadonlyMap<number, number>,
): Layout | null {
  const start = position + (explicit ? 12 : 8);
  if (start > view.byteLength) return null;
  const tag = ((view.getUint16(position, true) << 16) | view.getUint16(position + 2, true)) >>> 0;
  const length = view.getUint32(start - 4, true);
  if (tag !== PIXEL_DATA || length === UNDEFINED_LENGTH) return null;
  const value = (watched: number) => values.get(watched) ?? 0;
  const perPixel = values.get(0x00280002) ?? 1;
  const [columns, allocated, stored] = [value(0x00280011), value(0x00280100), value(0x00280101)];
  const isUsual = (perPixel === 1 || perPixel === 3) && (allocated === 8 || allocated === 16);
  if (!isUsual || stored < 2 || stored > allocated || columns === 0) return null;
  const components = value(0x00280006) === 0 ? perPixel : 1;
  const signed = value(0x00280103) !== 0;
  return { start, end: start + length, columns, components, allocated, stored, signed };
}

/** The frame that begins at `offset`, in the encoding `jls`; null where that is not to be had. */
export async function codeSamples(
  bytes: Uint8Array,
  offset: number,
  layout: Layout,
  encode: Encode,
  gzip: Gzip,
): Promise<Uint8Array | null> {
  const { start, end, columns, components, allocated } = layout;
  const rowBytes = (columns * components * allocated) / 8;
  const first = Math.ceil((Math.max(offset, start) - start) / rowBytes);
  const last = Math.floor((Math.min(offset + bytes.byteLength, end) - start) / rowBytes);
  const rows = Math.min(last - first, MOST_ROWS);
  if (rows * rowBytes < SMALLEST) return null;
  const before = start + first * rowBytes - offset;
  const behind = before + rows * rowBytes;
  const moved = moveDown(bytes.slice(before, behind), layout);
  if (!moved) return null;
  const stream = encode(moved.samples, { rows, columns, components, bits: moved.bits });
  const rest = await gzip(joined([bytes.subarray(0, before), bytes.subarray(behind)]));
  const head = new DataView(new ArrayBuffer(HEAD));
  head.setUint32(0, before);
  head.setUint32(4, behind - before);
  head.setUint16(8, moved.base);
  head.setUint32(10, stream.byteLength);
  return joined([new Uint8Array(head.buffer), stream, rest]);
}

/** Subtracts the least value, so that few bits are needed; null when high bits hold something else. */
function moveDown(
  samples: Uint8Array,
  { allocated, stored, signed }: Layout,
): { samples: Uint8Array; base: number; bits: number } | null {
  if (allocated === 8) return { samples, base: 0, bits: 8 };
  // Every machine with a browser is little endian, as these files are.
  const values = new Uint16Array(samples.buffer);
  const turn = signed ? 0x8000 : 0;
  let least = 0xffff;
  let most = 0;
  for (const value of values) {
    const ordered = value ^ turn;
    if (ordered < least) least = ordered;
    if (ordered > most) most = ordered;
  }
  const bits = 32 - Math.clz32(most - least);
  if (bits > stored) return null;
  const base = least ^ turn;
  for (let at = 0; at < values.length; at += 1) values[at] = (values[at] ?? 0) - base;
  return { samples, base, bits: Math.max(bits, 9) };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}
