import { beforeAll, describe, expect, test } from 'vitest';
import { decodeText, formatPersonName, forTheEye } from './charset';
import { CORPUS_MISSING, readCorpusFile, readTable } from './corpus.test-data';
import { type Header, loadInflate, MEDIA_DIRECTORY, readHeader } from './header';

beforeAll(loadInflate);

const SLICES = [8192, 65_536, 524_288];

function readAsBrowser(bytes: Uint8Array): Header | string {
  for (const slice of [...SLICES, bytes.length]) {
    const result = readHeader(bytes.subarray(0, slice), slice >= bytes.length);
    if (result.status === 'read') return result.header;
    if (result.status !== 'more') return result.status;
  }
  return 'more';
}

describe.skipIf(CORPUS_MISSING)('the header reader', () => {
  const rows = CORPUS_MISSING ? [] : readTable('MANIFEST.tsv');
  const good = rows.filter((row) => row.is_dicom === 'yes' && row.modality !== 'DICOMDIR');

  test('agrees with the manifest on every sound file of the corpus', () => {
    const differences: string[] = [];
    for (const row of good) {
      const read = readAsBrowser(readCorpusFile(row.path ?? ''));
      const seen =
        typeof read === 'string'
          ? read
          : [read.studyInstanceUid, read.modality, read.sopClassUid, read.patientId ? 'yes' : 'no'].join();
      const patientId = row.patient_id_present === 'yes' ? 'yes' : 'no';
      const told = [row.study_instance_uid, row.modality, row.sop_class, patientId].join();
      const wanted = row.study_instance_uid ? told : 'damaged';
      if (seen !== wanted) differences.push(`${row.path}: ${seen} instead of ${wanted}`);
    }
    expect(good.length).toBeGreaterThan(800);
    expect(differences).toEqual([]);
  });

  test('recognises every media directory', () => {
    const directories = rows.filter((row) => row.modality === 'DICOMDIR' && row.is_dicom === 'yes');
    expect(directories.length).toBeGreaterThan(10);
    for (const row of directories) {
      expect(readAsBrowser(readCorpusFile(row.path ?? ''))).toMatchObject({ sopClassUid: MEDIA_DIRECTORY });
    }
  });

  test('never throws and never hangs on broken files', () => {
    const broken = rows.filter((row) => row.path?.startsWith('malformed/'));
    expect(broken.length).toBeGreaterThan(250);
    for (const row of broken) readAsBrowser(readCorpusFile(row.path ?? '').subarray(0, 2_000_000));
  });

  test('takes no document for a DICOM file', () => {
    const documents = rows.filter((row) => row.path?.startsWith('documents/') && row.is_dicom === 'no');
    const taken = documents.filter((row) => readAsBrowser(readCorpusFile(row.path ?? '')) !== 'other');
    expect(taken.map((row) => row.path)).toEqual([]);
  });

  test('survives mutated headers', () => {
    let seed = 20_250_101;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed % below;
    };
    const sources = good
      .filter((_, i) => i % 40 === 0)
      .map((row) => readCorpusFile(row.path ?? '').slice(0, 4096));
    for (let round = 0; round < 20_000; round += 1) {
      const bytes = (sources[round % sources.length] as Uint8Array).slice();
      for (let change = 0; change < 6; change += 1) bytes[random(bytes.length)] = random(256);
      readHeader(bytes, round % 2 === 0);
    }
  });
});

const bytesOf = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

describe('text of elements', () => {
  // PS3.5 annex H, I and J.
  test('reads the Japanese example of the standard', () => {
    const hex =
      '59616d6164615e5461726f753d1b2442' +
      '3b33451b28425e1b2442' +
      '423e4f3a1b2842'.replace('423e4f3a', '424026');
    expect(decodeText(bytesOf(hex), ['', 'ISO 2022 IR 87'])).toMatch(/^Yamada\^Tarou=山/);
  });

  test('reads the Korean example of the standard', () => {
    const hex = '486f6e675e47696c646f6e673d1b242943fbf35e1b242943d1ce';
    expect(decodeText(bytesOf(hex), ['', 'ISO 2022 IR 149'])).toBe('Hong^Gildong=洪^吉');
  });

  test('reads Latin 1 when nothing is declared and the bytes are not UTF-8', () => {
    expect(decodeText(bytesOf('4dfc6c6c6572'), [])).toBe('Müller');
    expect(decodeText(new TextEncoder().encode('Müller'), [])).toBe('Müller');
  });

  test('writes a name with both of its spellings', () => {
    expect(formatPersonName('Yamada^Tarou=山田^太郎=やまだ^たろう')).toBe('Yamada, Tarou (山田 太郎)');
    expect(formatPersonName('Müller^Anna^Maria^Dr.')).toBe('Müller, Dr. Anna Maria');
    expect(formatPersonName('')).toBe('');
  });
});

describe('a value for the eye', () => {
  test('runs no other way, holds no control characters and never takes the page', () => {
    expect(forTheEye('Doe\u202eenaJ\u0000, \u0007Jane')).toBe('Doe enaJ ,  Jane');
    expect(forTheEye('A'.repeat(65_536))).toBe(`${'A'.repeat(199)}…`);
    expect(forTheEye('Yamada, Taro (山田 太郎)')).toBe('Yamada, Taro (山田 太郎)');
  });
});
