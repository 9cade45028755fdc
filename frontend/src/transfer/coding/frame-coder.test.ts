import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { encodePack, makeFrame } from '../pack';
import { decodeFrame, readPack } from '../pack-reader.test-data';
import { FrameCoder, isCompressible, isPacked } from './frame-coder';

interface Cases {
  valid: { name: string; encoding: string; original: string; coded: string }[];
  refused: { name: string; encoding: string; length: number; coded: string }[];
  pack: {
    frame: { file: number; offset: number; encoding: string; original: string; coded: string };
    pack: string;
  };
}

const cases: Cases = JSON.parse(
  readFileSync(new URL('../../../../tests/cases/coding.json', import.meta.url), 'utf8'),
);
const isGzip = ({ encoding }: { encoding: string }) => encoding === 'gzip';
const none = () => Promise.reject(new Error('not there'));
const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

const text = new Uint8Array(Buffer.from('the same words again and again, '.repeat(5000)));
const noise = new Uint8Array(200_000).map(() => Math.random() * 256);

function metaOf(syntax: string): Uint8Array {
  const value = syntax.length % 2 ? `${syntax}\0` : syntax;
  const element = `\x02\0\x10\0UI${String.fromCharCode(value.length)}\0${value}`;
  const length = String.fromCharCode(element.length);
  const head = `${'\0'.repeat(128)}DICM\x02\0\0\0UL\x04\0${length}\0\0\0${element}`;
  return new Uint8Array([...Buffer.from(head, 'latin1'), ...text]);
}

describe('coded frames', () => {
  test.each(cases.valid.filter(isGzip))(
    'of $name become what everyone makes of them',
    ({ encoding, original, coded }) => {
      expect(toHex(decodeFrame(encoding, fromHex(coded), original.length / 2))).toBe(original);
    },
  );

  test.each(cases.refused.filter(isGzip))('of $name are refused', ({ encoding, length, coded }) => {
    expect(() => decodeFrame(encoding, fromHex(coded), length)).toThrow();
  });

  test('stand in a pack as everyone agreed', async () => {
    const { frame, pack } = cases.pack;
    const made = await makeFrame(frame.file, frame.offset, fromHex(frame.original));
    const sent = { ...made, encoding: frame.encoding, bytes: fromHex(frame.coded) };
    const bytes = new Uint8Array(await encodePack([sent]).arrayBuffer());
    expect(toHex(bytes)).toBe(pack);
    expect(readPack(bytes).map((one) => toHex(one.bytes))).toEqual([frame.original]);
  });

  test('come out as they were, and are clearly smaller', async () => {
    const coded = await new FrameCoder(['gzip'], none).code(0, 0, text);
    expect(coded?.bytes.byteLength).toBeLessThan(text.byteLength / 10);
    expect(coded && toHex(decodeFrame(coded.encoding, coded.bytes, text.byteLength))).toBe(toHex(text));
  });

  test('are not made of noise, of little, or where the server takes none', async () => {
    expect(await new FrameCoder(['gzip'], none).code(0, 0, noise)).toBeNull();
    expect(await isCompressible(noise)).toBe(false);
    expect(await new FrameCoder(['gzip'], none).code(0, 0, text.subarray(0, 100))).toBeNull();
    expect(await new FrameCoder(['another'], none).code(0, 0, text)).toBeNull();
  });

  test.each(['%PDF-1.7', '\xff\xd8\xff\xe0', 'PK\x03\x04', '\0\0\0\x18ftypheic'])(
    'are not tried of what is compressed already: %j',
    async (beginning) => {
      const bytes = new Uint8Array([...Buffer.from(beginning, 'latin1'), ...text]);
      const coder = new FrameCoder(['gzip'], none);
      expect(await coder.code(0, 0, bytes)).toBeNull();
      expect(await coder.code(0, 4096, text)).toBeNull();
      expect(await coder.code(1, 4096, text)).not.toBeNull();
    },
  );

  test('are made of uncompressed images only', () => {
    for (const syntax of ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2'])
      expect(isPacked(metaOf(syntax))).toBe(false);
    for (const syntax of ['1.2.840.10008.1.2.4.50', '1.2.840.10008.1.2.1.99', '1.2.840.10008.1.2.5'])
      expect(isPacked(metaOf(syntax))).toBe(true);
  });
});
