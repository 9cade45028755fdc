/**
 * Walks the data elements of a DICOM data set (PS3.5 section 7) without building a tree: values of the
 * top level are handed out, everything inside sequences is stepped over. Works through a stack of its
 * own, so that nesting as deep as the bytes allow cannot exhaust the call stack.
 */

export interface Syntax {
  littleEndian: boolean;
  explicit: boolean;
}

export interface ElementStream extends Syntax {
  bytes: Uint8Array;
  position: number;
  /** The bytes reach to the end of the data set. */
  complete: boolean;
}

/** Called with tag, value (empty for sequences) and position of each element; true ends the walk. */
export type Visitor = (tag: number, value: Uint8Array, position: number) => boolean;
/** "end": visitor satisfied or all read; "short": bytes ran out. */
export type Outcome = 'end' | 'short';

const UNDEFINED_LENGTH = 0xffffffff;
const PIXEL_DATA_GROUP = 0x7fe0;
const NO_VALUE = new Uint8Array(0);
const ITEM_GROUP = 0xfffe;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
/** Value representations with a length of 32 bits (PS3.5 table 7.1-1). */
const LONG = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
const SHORT = new Set([
  'AE',
  'AS',
  'AT',
  'CS',
  'DA',
  'DS',
  'DT',
  'FD',
  'FL',
  'IS',
  'LO',
  'LT',
  'PN',
  'SH',
  'SL',
  'SS',
  'ST',
  'TM',
  'UI',
  'UL',
  'US',
]);

interface Element {
  tag: number;
  explicitUnknown: boolean;
  length: number;
  valueAt: number;
}

/** How the element at `position` is written; the bytes are believed before any label. */
export function sniffSyntax(bytes: Uint8Array, position: number): Syntax {
  const littleEndian = !(bytes[position] === 0 && (bytes[position + 1] ?? 0) !== 0);
  const vr = String.fromCharCode(bytes[position + 4] ?? 0, bytes[position + 5] ?? 0);
  return { littleEndian, explicit: LONG.has(vr) || SHORT.has(vr) };
}

/** Visits the elements from `stream.position` on; leaves that at the pixels, where it gets so far. */
export function walk(stream: ElementStream, visit: Visitor): Outcome {
  const view = new DataView(stream.bytes.buffer, stream.bytes.byteOffset, stream.bytes.byteLength);
  /** One entry per open item or sequence: is its content written explicitly? */
  const open: boolean[] = [];
  let position = stream.position;
  while (position < view.byteLength) {
    const explicit = open.at(-1) ?? stream.explicit;
    const element = readElement(view, position, explicit, stream.littleEndian);
    if (element === null) return 'short';
    if (element.tag >>> 16 === PIXEL_DATA_GROUP && open.length === 0) {
      stream.position = position;
      return 'end';
    }
    const outermost = open.length === 0 && element.tag >>> 16 !== ITEM_GROUP;
    if (outermost && visit(element.tag, wholeValue(stream.bytes, element), position)) return 'end';
    position = step(element, explicit, open);
  }
  return position > view.byteLength || !stream.complete ? 'short' : 'end';
}

/** The value; empty for a sequence and for a value cut off by the end: half a UID is another UID. */
function wholeValue(bytes: Uint8Array, { length, valueAt }: Element): Uint8Array {
  return valueAt + length > bytes.byteLength ? NO_VALUE : bytes.subarray(valueAt, valueAt + length);
}

/** Opens or closes a sequence or item; returns where the next element stands. */
function step(
  { tag, length, valueAt, explicitUnknown }: Element,
  explicit: boolean,
  open: boolean[],
): number {
  if (tag === ITEM_END || tag === SEQUENCE_END) {
    open.pop();
    return valueAt;
  }
  if (length !== UNDEFINED_LENGTH) return valueAt + length;
  open.push(explicitUnknown ? false : explicit);
  return valueAt;
}

function readElement(view: DataView, position: number, explicit: boolean, little: boolean): Element | null {
  if (position + 8 > view.byteLength) return null;
  const tag = ((view.getUint16(position, little) << 16) | view.getUint16(position + 2, little)) >>> 0;
  if (!explicit || tag >>> 16 === ITEM_GROUP) {
    return {
      tag,
      explicitUnknown: false,
      length: view.getUint32(position + 4, little),
      valueAt: position + 8,
    };
  }
  const vr = String.fromCharCode(view.getUint8(position + 4), view.getUint8(position + 5));
  if (!LONG.has(vr)) {
    return {
      tag,
      explicitUnknown: false,
      length: view.getUint16(position + 6, little),
      valueAt: position + 8,
    };
  }
  if (position + 12 > view.byteLength) return null;
  // UN of undefined length holds implicit little endian (PS3.5 6.2.2, note 1).
  const length = view.getUint32(position + 8, little);
  return { tag, explicitUnknown: vr === 'UN' && length === UNDEFINED_LENGTH, length, valueAt: position + 12 };
}
