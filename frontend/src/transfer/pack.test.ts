import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { encodePack, makeFrame } from './pack';
import { readPack } from './pack-reader.test-data';

interface Cases {
  valid: {
    name: string;
    frames: { file: number; offset: number; bytes: string; sha256: string }[];
    pack: string;
  }[];
  malformed: { name: string; pack: string }[];
}

const cases: Cases = JSON.parse(
  readFileSync(new URL('../../../tests/cases/packs.json', import.meta.url), 'utf8'),
);
const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));

describe('a pack', () => {
  test.each(cases.valid)('of $name has the bytes that everyone agreed on', async ({ frames, pack }) => {
    const made = await Promise.all(frames.map((one) => makeFrame(one.file, one.offset, fromHex(one.bytes))));
    const bytes = new Uint8Array(await encodePack(made).arrayBuffer());
    expect(Buffer.from(bytes).toString('hex')).toBe(pack);
    expect(readPack(bytes).map((one) => one.sha256)).toEqual(frames.map((one) => one.sha256));
  });

  test.each(cases.malformed)('of $name is refused', ({ pack }) => {
    expect(() => readPack(fromHex(pack))).toThrow();
  });
});
