/**
 * Text of DICOM elements: Specific Character Set (0008,0005) with and without code extensions,
 * PS3.3 C.12.1.1.2 and PS3.5 6.1.2. Decoding is the browser's TextDecoder; what it does not know, the
 * switching by escape sequences of ISO 2022, is done here.
 */

/** One value of (0008,0005) without code extensions → label of a TextDecoder. */
const WHOLE: Readonly<Record<string, string>> = {
  'ISO_IR 100': 'iso-8859-1',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 148': 'iso-8859-9',
  'ISO_IR 203': 'iso-8859-15',
  'ISO_IR 166': 'windows-874',
  'ISO_IR 13': 'shift_jis',
  'ISO_IR 192': 'utf-8',
  GB18030: 'gb18030',
  GBK: 'gbk',
};

/** Escape sequence (without ESC) → how the bytes after it are read (PS3.3 tables C.12-3 and C.12-4). */
const ESCAPES: readonly (readonly [string, Coding])[] = [
  ['$(D', 'jis0212'],
  ['$B', 'jis0208'],
  ['$@', 'jis0208'],
  ['$)C', 'euc-kr'],
  ['$)A', 'gbk'],
  [')I', 'shift_jis'],
  ['(J', 'single'],
  ['(B', 'single'],
  ['-A', 'iso-8859-1'],
  ['-B', 'iso-8859-2'],
  ['-C', 'iso-8859-3'],
  ['-D', 'iso-8859-4'],
  ['-F', 'iso-8859-7'],
  ['-G', 'iso-8859-6'],
  ['-H', 'iso-8859-8'],
  ['-L', 'iso-8859-5'],
  ['-M', 'iso-8859-9'],
  ['-b', 'iso-8859-15'],
  ['-T', 'windows-874'],
];

/** "single": back to one byte per character in the set that the element begins with. */
type Coding = string;

const ESC = 0x1b;
const decoders = new Map<string, TextDecoder>();

function decoder(label: string): TextDecoder {
  const known = decoders.get(label);
  if (known) return known;
  const made = new TextDecoder(label);
  decoders.set(label, made);
  return made;
}

/** The value of an element as text, trailing padding removed. `charsets`: the values of (0008,0005). */
export function decodeText(bytes: Uint8Array, charsets: readonly string[]): string {
  return decodeRaw(bytes, charsets).replace(/[\0 ]+$/, '');
}

function decodeRaw(bytes: Uint8Array, charsets: readonly string[]): string {
  const declared = charsets.map((name) => name.trim().replace('ISO 2022 IR', 'ISO_IR')).filter(Boolean);
  const first = (declared[0] && WHOLE[declared[0]]) ?? null;
  if (bytes.includes(ESC)) return decodeSegments(bytes, first ?? 'iso-8859-1');
  if (first) return decoder(first).decode(bytes);
  return decodeUndeclared(bytes, declared.length > 1);
}

/** Nothing useful was declared: UTF-8 when it is valid, otherwise Latin 1. */
function decodeUndeclared(bytes: Uint8Array, extended: boolean): string {
  if (extended) return decoder('iso-8859-1').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return decoder('iso-8859-1').decode(bytes);
  }
}

function decodeSegments(bytes: Uint8Array, initial: string): string {
  let text = '';
  let coding: Coding = 'single';
  let high = initial;
  let start = 0;
  for (let at = bytes.indexOf(ESC); ; at = bytes.indexOf(ESC, start)) {
    const end = at < 0 ? bytes.length : at;
    text += decodeSegment(bytes.subarray(start, end), coding, high);
    if (at < 0) return text;
    const sequence = String.fromCharCode(...bytes.subarray(at + 1, at + 4));
    const [sequenceFound, next] = ESCAPES.find(([known]) => sequence.startsWith(known)) ?? ['', 'single'];
    if (next === 'single' || next.startsWith('jis')) coding = next;
    else [coding, high] = ['single', next];
    start = at + 1 + sequenceFound.length;
  }
}

function decodeSegment(bytes: Uint8Array, coding: Coding, high: string): string {
  if (coding === 'jis0208') return decoder('euc-jp').decode(bytes.map((byte) => byte | 0x80));
  if (coding === 'jis0212') return decoder('euc-jp').decode(threeByteForm(bytes));
  return decoder(high).decode(bytes);
}

/** JIS X 0212 in EUC-JP: every pair stands behind the byte 8F. */
function threeByteForm(pairs: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    out.push(0x8f, (pairs[i] ?? 0) | 0x80, (pairs[i + 1] ?? 0) | 0x80);
  }
  return Uint8Array.from(out);
}

/**
 * A person's name for the eye (PS3.5 6.2.1): "Yamada, Taro (山田 太郎)". Component groups are parted by
 * "=", components by "^" in the order family, given, middle, prefix, suffix.
 */
export function formatPersonName(value: string): string {
  const groups = value
    .split('=')
    .slice(0, 2)
    .map((group) => group.split('^').map((part) => part.trim()));
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = groups[0] ?? [];
  const forenames = [prefix, given, middle, suffix].filter(Boolean).join(' ');
  const alphabetic = [family, forenames].filter(Boolean).join(', ');
  const ideographic = (groups[1] ?? []).filter(Boolean).join(' ');
  return alphabetic && ideographic ? `${alphabetic} (${ideographic})` : alphabetic || ideographic;
}

/** Longer than any value that a device writes (PS3.5 6.2: 64 characters, names three times as many). */
const MOST_SHOWN = 200;
// Control characters, and the marks that make text run the other way.
const DECEIVING = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A value as it is shown: nothing in it deceives the eye or takes the page. */
export function forTheEye(value: string): string {
  const text = value.replace(DECEIVING, ' ').trim();
  return text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN - 1)}…`;
}
