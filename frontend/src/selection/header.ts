/**
 * Reads the few elements of a DICOM file that the preview needs from its first bytes (PS3.10 section 7,
 * PS3.5 section 7). Never throws on bad input: a file is read, needs more bytes, or is not readable.
 *
 * Tolerates what occurs in practice: no preamble, no File Meta Information, a wrong Transfer Syntax UID
 * (the first element decides), big endian, deflated, sequences of undefined length, elements out of order.
 */
import type { Inflate } from 'fflate';
import { decodeText } from './charset';
import { type ElementStream, sniffSyntax, walk } from './elements';

export interface Header {
  transferSyntaxUid: string;
  sopClassUid: string;
  sopInstanceUid: string;
  studyInstanceUid: string;
  seriesInstanceUid: string;
  patientId: string;
  issuerOfPatientId: string;
  patientName: string;
  patientBirthDate: string;
  patientSex: string;
  accessionNumber: string;
  studyDate: string;
  studyDescription: string;
  modality: string;
  seriesNumber: string;
  seriesDescription: string;
  bodyPart: string;
  charsets: readonly string[];
}

export type HeaderResult =
  | { status: 'read'; header: Header }
  /** Looks like DICOM, but what is needed lies beyond the bytes given. */
  | { status: 'more' }
  /** Meant as DICOM, but the elements that identify study and instance cannot be read. */
  | { status: 'damaged' }
  | { status: 'other' };

const TAGS: Readonly<Record<number, keyof Header>> = {
  131074: 'sopClassUid', // (0002,0002), overwritten by (0008,0016)
  131088: 'transferSyntaxUid', // (0002,0010)
  524310: 'sopClassUid', // (0008,0016)
  524312: 'sopInstanceUid', // (0008,0018)
  524320: 'studyDate', // (0008,0020)
  524368: 'accessionNumber', // (0008,0050)
  524384: 'modality', // (0008,0060)
  528432: 'studyDescription', // (0008,1030)
  528446: 'seriesDescription', // (0008,103E)
  1048592: 'patientName', // (0010,0010)
  1048608: 'patientId', // (0010,0020)
  1048609: 'issuerOfPatientId', // (0010,0021)
  1048624: 'patientBirthDate', // (0010,0030)
  1048640: 'patientSex', // (0010,0040)
  1572885: 'bodyPart', // (0018,0015)
  2097165: 'studyInstanceUid', // (0020,000D)
  2097166: 'seriesInstanceUid', // (0020,000E)
  2097169: 'seriesNumber', // (0020,0011)
};
const CHARSET_TAG = 0x00080005;
const LAST_TAG = 0x00200011;
const DEFLATED = '1.2.840.10008.1.2.1.99';
const MAXIMUM_INFLATED = 1 << 20;

/** Media Storage Directory Storage: a DICOMDIR, whatever its name is. */
export const MEDIA_DIRECTORY = '1.2.840.10008.1.3.10';

/** A UID as PS3.5 section 9 allows it; others cannot name a study to the server. */
export function isUid(value: string): boolean {
  return value.length <= 64 && /^[0-9]+(\.[0-9]+)*$/.test(value);
}

/** The data set is deflated (PS3.5 A.5), and what it takes to read it is not here yet: see `loadInflate`. */
export class InflateNeeded extends Error {}

/** Reads `head`, the first bytes of a file; `complete` says that these are all its bytes. Throws InflateNeeded. */
export function readHeader(head: Uint8Array, complete: boolean): HeaderResult {
  const start = dataStart(head);
  const marked = start > 0;
  if (!marked && !looksLikeDataset(head)) return { status: 'other' };
  const values = new Map<number, Uint8Array>();
  const meta = head[start] === 2 && head[start + 1] === 0;
  const position = meta ? readMeta(head, start, values) : start;
  const stream = position === null ? null : datasetStream(head, position, values, complete);
  const outcome = stream ? walk(stream, (tag, value) => collect(values, tag, value)) : 'short';
  const header = toHeader(values);
  if (isEnough(header) || header.sopClassUid === MEDIA_DIRECTORY) return { status: 'read', header };
  if (outcome === 'short' && !(stream?.complete ?? complete)) return { status: 'more' };
  return { status: marked || meta || header.sopInstanceUid ? 'damaged' : 'other' };
}

function isEnough(header: Header): boolean {
  return header.studyInstanceUid !== '' && header.sopInstanceUid !== '';
}

/** Returns true to end the walk: everything wanted lies before `tag`. */
function collect(values: Map<number, Uint8Array>, tag: number, value: Uint8Array): boolean {
  if (tag > LAST_TAG) return values.has(0x0020000d) && values.has(0x00080018);
  if ((tag in TAGS || tag === CHARSET_TAG) && !(values.get(tag)?.length && tag > 0x00030000))
    values.set(tag, value);
  return false;
}

/** Offset behind "DICM"; 0 when the file has no preamble. */
function dataStart(head: Uint8Array): number {
  const isMagic = (at: number) =>
    head[at] === 0x44 && head[at + 1] === 0x49 && head[at + 2] === 0x43 && head[at + 3] === 0x4d;
  if (isMagic(128)) return 132;
  return isMagic(0) ? 4 : 0;
}

/** A data set without preamble begins with a low group and a plausible length. */
function looksLikeDataset(head: Uint8Array): boolean {
  if (head.length < 16) return false;
  const syntax = sniffSyntax(head, 0);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const group = view.getUint16(0, syntax.littleEndian);
  const element = view.getUint16(2, syntax.littleEndian);
  if (!(group === 2 || group === 8) || element > 0x0070) return false;
  return syntax.explicit || view.getUint32(4, syntax.littleEndian) <= 256;
}

/** Reads group 0002, always explicit little endian; returns where the data set begins. */
function readMeta(head: Uint8Array, start: number, values: Map<number, Uint8Array>): number | null {
  let end = -1;
  const stream: ElementStream = {
    bytes: head,
    position: start,
    littleEndian: true,
    explicit: true,
    complete: true,
  };
  walk(stream, (tag, value, position) => {
    if (tag >>> 16 !== 2) {
      end = position;
      return true;
    }
    return collect(values, tag, value);
  });
  return end < 0 ? null : end;
}

function datasetStream(
  head: Uint8Array,
  position: number,
  values: Map<number, Uint8Array>,
  complete: boolean,
): ElementStream | null {
  const syntax = ascii(values.get(0x00020010));
  if (syntax !== DEFLATED) return { bytes: head, position, ...sniffSyntax(head, position), complete };
  if (!Inflating) throw new InflateNeeded();
  const inflated = inflateStart(Inflating, head.subarray(position));
  const whole = complete && inflated.length < MAXIMUM_INFLATED;
  return { bytes: inflated, position: 0, ...sniffSyntax(inflated, 0), complete: whole };
}

let Inflating: typeof Inflate | null = null;

/** Loads what deflated data sets need; they are rare, and few senders ever have one. */
export async function loadInflate(): Promise<void> {
  ({ Inflate: Inflating } = await import('fflate'));
}

/** The first bytes of a deflated data set (PS3.5 A.5); never more than MAXIMUM_INFLATED. */
function inflateStart(Inflating: typeof Inflate, deflated: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const inflate = new Inflating((chunk) => {
    chunks.push(chunk);
    length += chunk.length;
  });
  try {
    for (let at = 0; at < deflated.length && length < MAXIMUM_INFLATED; at += 1024) {
      inflate.push(deflated.subarray(at, at + 1024), false);
    }
  } catch {
    // A cut or damaged stream: what came out so far is good to read.
  }
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}

function ascii(bytes: Uint8Array | undefined): string {
  return bytes ? String.fromCharCode(...bytes.subarray(0, 64)).replace(/[\0 ]+$/, '') : '';
}

function toHeader(values: Map<number, Uint8Array>): Header {
  const declared = values.get(CHARSET_TAG);
  const charsets = declared
    ? String.fromCharCode(...declared.subarray(0, 256))
        .replace(/\0/g, '')
        .split('\\')
    : [];
  const header = {} as Record<keyof Header, string | readonly string[]>;
  for (const name of Object.values(TAGS)) header[name] = '';
  for (const [tag, name] of Object.entries(TAGS)) {
    const value = values.get(Number(tag));
    if (value) header[name] = decodeText(value, charsets).trim() || header[name];
  }
  header.charsets = charsets;
  return header as unknown as Header;
}
