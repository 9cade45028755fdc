/** Whole discs, scripted: whose images are on them, what comparing says, and what would be sent unasked. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { judge, type Person } from '../identity/verdict';
import { chosenFile } from './disk.test-data';
import { includedStudies, Selection, type SelectionState } from './selection';
import type { SourceFile } from './source';

interface Images {
  name: string;
  born: string;
  sex: string;
  id: string;
  study: number;
  count: number;
}

interface Disc {
  title: string;
  kind: 'spelling' | 'asked' | 'foreign' | 'mixed' | 'shape';
  expected: Person | null;
  images: Images[];
  verdicts: (string | null)[];
  sent: number;
  charset?: string;
  /** The name as bytes of that character set. */
  hex?: string;
  form?: 'no_preamble' | 'no_meta';
  ending?: string;
  beside?: string[];
  documents?: number;
  twice?: boolean;
}

/** The server judges the same discs (`tests/unit/studies/test_discs.py`). */
const discs: Disc[] = JSON.parse(
  readFileSync(new URL('../../../tests/cases/discs.json', import.meta.url), 'utf-8'),
);

const UTF8 = new TextEncoder();
const LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const MR = '1.2.840.10008.5.1.4.1.1.4';

/** An element with explicit VR and a short length (PS3.5 section 7.1.2). */
function element(tag: number, vr: string, value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(typeof value === 'string' ? UTF8.encode(value) : value);
  const padded = bytes.length % 2 ? Buffer.concat([bytes, Buffer.from(vr === 'UI' ? '\0' : ' ')]) : bytes;
  const head = Buffer.alloc(8);
  head.writeUInt16LE(tag >>> 16, 0);
  head.writeUInt16LE(tag & 0xffff, 2);
  head.write(vr, 4, 'latin1');
  head.writeUInt16LE(padded.length, 6);
  return Buffer.concat([head, padded]);
}

function image(disc: Disc, of: Images, number: number): Buffer {
  const study = `1.2.3.${of.study}`;
  const uid = `${study}.1.${number}`;
  const dataSet = Buffer.concat([
    element(0x00080005, 'CS', disc.charset ?? 'ISO_IR 192'),
    element(0x00080016, 'UI', MR),
    element(0x00080018, 'UI', uid),
    element(0x00080060, 'CS', 'MR'),
    element(0x00100010, 'PN', disc.hex ? Buffer.from(disc.hex, 'hex') : of.name),
    element(0x00100020, 'LO', of.id),
    element(0x00100030, 'DA', of.born),
    element(0x00100040, 'CS', of.sex),
    element(0x0020000d, 'UI', study),
    element(0x0020000e, 'UI', `${study}.1`),
  ]);
  if (disc.form === 'no_meta') return dataSet;
  const rest = Buffer.concat([
    element(0x00020002, 'UI', MR),
    element(0x00020003, 'UI', uid),
    element(0x00020010, 'UI', LITTLE_ENDIAN),
  ]);
  const length = Buffer.from([2, 0, 0, 0, 0x55, 0x4c, 4, 0, rest.length, 0, 0, 0]);
  const file = Buffer.concat([length, rest, dataSet]);
  return disc.form === 'no_preamble' ? file : Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), file]);
}

function filesOf(disc: Disc): SourceFile[] {
  let number = 0;
  const images = disc.images.flatMap((of) =>
    Array.from({ length: of.count }, () => {
      number += 1;
      return chosenFile(`DISC/IMAGES/IM${number}${disc.ending ?? '.dcm'}`, image(disc, of, number));
    }),
  );
  const content = (path: string) => (path.endsWith('.pdf') ? '%PDF-1.4\n%%EOF\n' : 'MZ nothing');
  return [...images, ...(disc.beside ?? []).map((path) => chosenFile(`DISC/${path}`, content(path)))];
}

async function chosen(disc: Disc): Promise<SelectionState> {
  const { expected } = disc;
  const selection = new Selection(
    () => undefined,
    ({ nameInImages, birthDate, sex }) =>
      expected && judge(expected, { patient_name: nameInImages, birth_date: birthDate, sex }),
  );
  const files = filesOf(disc);
  for (const _ of disc.twice ? [1, 2] : [1]) await selection.add(files, [], async () => null);
  return selection.state;
}

test('there are a hundred of them, none twice', () => {
  expect(discs.length).toBeGreaterThanOrEqual(100);
  expect(new Set(discs.map(({ title }) => title)).size).toBe(discs.length);
});

test.each(discs.map((disc) => [`${disc.kind}: ${disc.title}`, disc] as const))('%s', async (_title, disc) => {
  const state = await chosen(disc);
  const studies = state.patients.flatMap((patient) => patient.studies);
  expect({
    verdicts: state.patients.map(({ judgement }) => judgement?.verdict ?? null),
    images: studies.reduce((sum, { instances }) => sum + instances.length, 0),
    sent: includedStudies(state).reduce((sum, { instances }) => sum + instances.length, 0),
    documents: state.documents.length,
    damaged: state.damaged.length,
    leftOut: state.leftOut.length,
  }).toEqual({
    verdicts: disc.verdicts,
    images: disc.images.reduce((sum, { count }) => sum + count, 0),
    sent: disc.sent,
    documents: disc.documents ?? 0,
    damaged: 0,
    leftOut: (disc.beside?.length ?? 0) - (disc.documents ?? 0) + (disc.twice ? filesOf(disc).length : 0),
  });
});
