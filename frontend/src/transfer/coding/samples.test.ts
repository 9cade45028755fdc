import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { beforeAll, describe, expect, test } from 'vitest';
import { FrameCoder, gzip, transferSyntax } from './frame-coder';
import { codeSamples, type Encode, findLayout } from './samples';

const [ROWS, COLUMNS] = [64, 80];
const EXPLICIT = '1.2.840.10008.1.2.1';
const IMPLICIT = '1.2.840.10008.1.2';

interface Form {
  syntax?: string;
  perPixel?: number;
  planar?: number;
  allocated?: number;
  stored?: number;
  signed?: number;
}

/** A file with these samples, as small as can be. */
function fileOf(samples: Uint8Array, form: Form = {}): Uint8Array {
  const { syntax = EXPLICIT, perPixel = 1, planar = 0, allocated = 16, stored = 12, signed = 0 } = form;
  const explicit = syntax === EXPLICIT;
  const short = (tag: number, value: number) => {
    const element = Buffer.alloc(10);
    element.writeUInt16LE(tag >>> 16, 0);
    element.writeUInt16LE(tag & 0xffff, 2);
    if (explicit) element.write('US\x02\0', 4, 'latin1');
    else element.writeUInt32LE(2, 4);
    element.writeUInt16LE(value, 8);
    return element;
  };
  const uid = Buffer.from(syntax.length % 2 ? `${syntax}\0` : syntax);
  const meta = Buffer.concat([Buffer.from('\x02\0\x10\0UI', 'latin1'), Buffer.from([uid.length, 0]), uid]);
  const pixels = Buffer.alloc(explicit ? 12 : 8);
  pixels.write('\xe0\x7f\x10\0OW', 'latin1');
  pixels.writeUInt32LE(samples.byteLength, pixels.length - 4);
  return new Uint8Array(
    Buffer.concat([
      Buffer.alloc(128),
      Buffer.from('DICM\x02\0\0\0UL\x04\0', 'latin1'),
      Buffer.from([meta.length, 0, 0, 0]),
      meta,
      short(0x00280002, perPixel),
      short(0x00280006, planar),
      short(0x00280010, ROWS),
      short(0x00280011, COLUMNS),
      short(0x00280100, allocated),
      short(0x00280101, stored),
      short(0x00280103, signed),
      pixels,
      samples,
    ]),
  );
}

function soft(count: number, least: number, most: number): Uint16Array {
  return Uint16Array.from({ length: count }, (_, at) => least + ((at * 3) % (most - least + 1)));
}

const wide = (values: Uint16Array) => new Uint8Array(values.buffer);
const narrow = (values: Uint16Array) => Uint8Array.from(values);
const PIXELS = ROWS * COLUMNS;

const USUAL: Record<string, Uint8Array> = {
  '12 bits in 16': fileOf(wide(soft(PIXELS, 0, 4095))),
  signed: fileOf(wide(soft(PIXELS, -1000, 1000)), { signed: 1 }),
  implicit: fileOf(wide(soft(PIXELS, 0, 4095)), { syntax: IMPLICIT }),
  'multi-frame': fileOf(wide(soft(PIXELS * 4, 0, 900))),
  'colour by pixel': fileOf(narrow(soft(PIXELS * 3, 0, 255)), { perPixel: 3, allocated: 8, stored: 8 }),
  'colour by plane': fileOf(narrow(soft(PIXELS * 3, 0, 255)), {
    perPixel: 3,
    planar: 1,
    allocated: 8,
    stored: 8,
  }),
};

// The part for the browser asks the page where the WebAssembly lies; the package itself is the same.
const require = createRequire(import.meta.url);
let encode: Encode;
interface Decoder {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getDecodedBuffer(): Uint8Array;
}
let charls: { JpegLSDecoder: new () => Decoder };

beforeAll(async () => {
  const { loadEncoder } = await import('./jpeg-ls');
  encode = await loadEncoder(require.resolve('@cornerstonejs/codec-charls/wasm'));
  charls = await require('@cornerstonejs/codec-charls/decodewasmjs')();
});

function decodeImage(stream: Uint8Array): Uint8Array {
  const decoder = new charls.JpegLSDecoder();
  decoder.getEncodedBuffer(stream.byteLength).set(stream);
  decoder.decode();
  return new Uint8Array(decoder.getDecodedBuffer());
}

/** What the server makes of a frame. */
async function restore(coded: Uint8Array): Promise<Buffer> {
  const view = new DataView(coded.buffer, coded.byteOffset, coded.byteLength);
  const end = 14 + view.getUint32(10);
  const samples = decodeImage(coded.subarray(14, end));
  const base = view.getUint16(8);
  if (base !== 0) {
    const values = new Uint16Array(samples.buffer, samples.byteOffset, samples.byteLength / 2);
    for (let at = 0; at < values.length; at += 1) values[at] = (values[at] ?? 0) + base;
  }
  expect(samples.byteLength).toBe(view.getUint32(4));
  const stream = new Blob([coded.slice(end)]).stream().pipeThrough(new DecompressionStream('gzip'));
  const rest = Buffer.from(await new Response(stream).arrayBuffer());
  const before = view.getUint32(0);
  return Buffer.concat([rest.subarray(0, before), samples, rest.subarray(before)]);
}

const layoutOf = (file: Uint8Array) => findLayout(file, transferSyntax(file));

describe('samples', () => {
  test.each(Object.entries(USUAL))('%s come back exactly from fewer bytes', async (_name, file) => {
    const layout = layoutOf(file);
    const coded = layout && (await codeSamples(file, 0, layout, encode, gzip));
    expect(coded?.byteLength).toBeLessThan(file.byteLength * 0.8);
    expect(Buffer.compare(await restore(coded as Uint8Array), file)).toBe(0);
  });

  test.each(Object.entries(USUAL))('%s come back wherever the file is cut', async (_name, file) => {
    const coder = new FrameCoder(['jls', 'gzip'], () => Promise.resolve(encode));
    let images = 0;
    for (let start = 0, size = 4999; start < file.byteLength; start += size, size = 7001) {
      const part = file.slice(start, start + size);
      const coded = await coder.code(0, start, part);
      if (coded?.encoding !== 'jls') continue;
      images += 1;
      expect(Buffer.compare(await restore(coded.bytes), part)).toBe(0);
    }
    expect(images).toBeGreaterThan(0);
  });

  test('with something in the high bits go as gzip', async () => {
    const file = fileOf(
      wide(soft(PIXELS, 4000, 4100).map((value, at) => (at % 640 < 8 ? value + 8192 : value))),
    );
    const layout = layoutOf(file);
    expect(layout && (await codeSamples(file, 0, layout, encode, gzip))).toBeNull();
    const coded = await new FrameCoder(['jls', 'gzip'], () => Promise.resolve(encode)).code(0, 0, file);
    expect(coded?.encoding).toBe('gzip');
  });

  test('of unusual files are not looked for', () => {
    const samples = wide(soft(PIXELS, 0, 100));
    for (const form of [
      { allocated: 32, stored: 32 },
      { perPixel: 4 },
      { allocated: 1, stored: 1 },
      { stored: 17 },
    ])
      expect(layoutOf(fileOf(samples, form))).toBeNull();
    expect(findLayout(USUAL.signed as Uint8Array, '1.2.840.10008.1.2.2')).toBeNull();
    for (const length of [0, 132, 150, 170, 200, 230])
      expect(layoutOf((USUAL.signed as Uint8Array).slice(0, length))).toBeNull();
  });

  test('are taken apart without an exception whatever stands there', () => {
    const file = (USUAL['12 bits in 16'] as Uint8Array).slice(0, 400);
    for (let round = 0; round < 3000; round += 1) {
      const damaged = file.slice();
      for (let hit = 0; hit < 4; hit += 1)
        damaged[132 + ((round * 7 + hit * 31) % 260)] = (round * 13 + hit) & 0xff;
      expect(() => findLayout(damaged, EXPLICIT)).not.toThrow();
      expect(() => findLayout(damaged, IMPLICIT)).not.toThrow();
    }
  });
});

test('coded samples of the shared cases are what this side makes, too', async () => {
  const place = new URL('../../../../tests/cases/coding.json', import.meta.url);
  const cases: { valid: { encoding: string; original: string; coded: string }[] } = JSON.parse(
    readFileSync(place, 'utf8'),
  );
  for (const { encoding, original, coded } of cases.valid) {
    if (encoding !== 'jls') continue;
    expect((await restore(new Uint8Array(Buffer.from(coded, 'hex')))).toString('hex')).toBe(original);
  }
});
