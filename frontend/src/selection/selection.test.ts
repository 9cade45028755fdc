import { describe, expect, test } from 'vitest';
import { CORPUS_MISSING, readTable } from './corpus.test-data';
import { chosenFile, corpusFile, corpusFolder } from './disk.test-data';
import { obstacles, plannedFiles, totals, unassignedDocuments } from './plan';
import { Selection, type SelectionState } from './selection';
import { fileName, type SourceFile } from './source';

const noPassword = () => Promise.resolve(null);
const LIMITS = { max_bytes: 1e9, max_studies: 20 };
const CT_STUDY = 'cd/pydicom-dicomdirtests/98892001';
const OTHER_PERSON = 'cd/pydicom-dicomdirtests/77654033';

async function select(...additions: SourceFile[][]): Promise<Selection> {
  const selection = new Selection(() => undefined);
  for (const files of additions) await selection.add(files, [], noPassword);
  return selection;
}

function reasons(state: SelectionState): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reason } of state.leftOut) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

describe.skipIf(CORPUS_MISSING)('a disc', () => {
  const discs = CORPUS_MISSING ? [] : readTable('cd/EXPECT.tsv');

  test.each(discs.map((row) => [row.disc ?? '', row] as const))(
    '%s is grouped as expected',
    async (disc, row) => {
      const { state } = await select(corpusFolder(`cd/${disc}`));
      const studies = state.patients.flatMap((patient) => patient.studies);
      expect({
        instances: studies.reduce((sum, study) => sum + study.instances.length, 0),
        patients: state.patients.length,
        studies: studies.length,
        series: studies.reduce((sum, study) => sum + study.series.length, 0),
        directories: reasons(state).media_directory ?? 0,
      }).toEqual({
        instances: Number(row.dicom_instances),
        patients: Number(row.patients),
        studies: Number(row.studies),
        series: Number(row.series),
        directories: Number(row.dicomdir_files),
      });
    },
  );

  test('of Japan has its names right and none of its viewer among the documents', async () => {
    const { state } = await select(corpusFolder('cd/hitachi-pdi-ja'));
    expect(state.documents).toEqual([]);
    expect(state.patients[0]?.name).toMatch(/\(.*[\u3040-\u9fff].*\)/);
  });

  test('with a viewer and a report gives the report and leaves the viewer out', async () => {
    const { state } = await select(corpusFolder('cd/pacs-export-pet-seg'));
    expect(state.documents.map((one) => one.file.path).sort()).toEqual([
      'pacs-export-pet-seg/REPORT/BEFUND.RTF',
      'pacs-export-pet-seg/REPORT/REPORT.PDF',
    ]);
    expect(state.documents.every((one) => one.studyId !== null)).toBe(true);
    expect(reasons(state)).toMatchObject({ picture_copy: 3, system: 4 });
  });

  test('that is added twice is counted once', async () => {
    const { state } = await select(corpusFolder(CT_STUDY), corpusFolder(CT_STUDY));
    expect(totals(state).instances).toBe(corpusFolder(CT_STUDY).length);
    expect(reasons(state).duplicate).toBe(corpusFolder(CT_STUDY).length);
  });
});

describe.skipIf(CORPUS_MISSING)('documents', () => {
  const letter = () => corpusFile('documents/pdf/report.pdf');
  const photo = () => corpusFile('documents/pictures/court-exif.jpg');
  const oneStudy = () => corpusFolder('cd/pacs-export-pet-seg/DICOM');

  test('alone cannot be sent, and can once images are added', async () => {
    const selection = await select([letter()]);
    expect(obstacles(selection.state, LIMITS)).toEqual(['documents_only']);
    await selection.add(oneStudy(), [], noPassword);
    expect(obstacles(selection.state, LIMITS)).toEqual([]);
  });

  test('belong to the only study without asking', async () => {
    const { state } = await select([letter(), ...oneStudy()]);
    expect(unassignedDocuments(state)).toEqual([]);
    expect(plannedFiles(state).filter(({ role }) => role === 'document')).toHaveLength(1);
  });

  test('wait for a decision when there are several studies', async () => {
    const selection = await select([letter(), photo(), ...corpusFolder('cd/philips-ct-incomplete')]);
    expect(unassignedDocuments(selection.state)).toHaveLength(2);
    expect(obstacles(selection.state, LIMITS)).toEqual(['documents_unassigned']);
    const [first, second] = selection.state.documents;
    const study = selection.state.patients[0]?.studies[1]?.id ?? '';
    selection.assignDocuments(new Set([first?.id ?? '']), study);
    const removed = selection.removeDocuments(new Set([second?.id ?? '']));
    expect(obstacles(selection.state, LIMITS)).toEqual([]);
    selection.restoreDocuments(removed);
    expect(unassignedDocuments(selection.state)).toHaveLength(1);
  });

  test('linked without asking are given back when another person joins', async () => {
    const selection = await select([letter(), ...oneStudy()]);
    await selection.add(corpusFolder(OTHER_PERSON), [], noPassword);
    for (const { id } of selection.state.patients) selection.choosePatient(id, true);
    expect(unassignedDocuments(selection.state)).toHaveLength(1);
  });

  test('of every accepted kind are taken and everything else is named', async () => {
    const { state } = await select(corpusFolder('documents'));
    const taken = new Set(state.documents.map((one) => one.file.path.replace('documents/', '')));
    for (const path of [
      'pdf/report.pdf',
      'pictures/fax-3-pages.tif',
      'heic/small-rgb.heif',
      'text/cda.xml',
      'text/letter-utf16.txt',
      'text/note.rtf',
      'office/arztbrief.docx',
      'pictures/python.bmp',
      'pdf/report-leading-junk.pdf',
      'pictures/animated.gif',
      'pictures/scan.webp',
      'other-medical-formats/tinypet.v',
      'other-medical-formats/example_nifti2.nii.gz',
    ]) {
      expect(taken).toContain(path);
    }
    const refused = Object.fromEntries(
      state.leftOut.map(({ path, reason }) => [path.replace('documents/', ''), reason]),
    );
    expect(refused).toMatchObject({
      'text/empty.txt': 'empty',
      'text/page.html': 'viewer',
      'programs/setup.exe': 'program',
      'pictures/with-script.svg': 'viewer',
      'video/stub.mp4': 'unsupported',
    });
    expect(state.documents.length + state.leftOut.length).toBe(corpusFolder('documents').length);
    const kept = state.documents.filter((one) => one.isAttachment).map((one) => fileName(one.file.path));
    expect(kept.sort()).toEqual([
      ...['NA.PAR', 'analyze.hdr', 'arztbrief.docx', 'comments-rich-para.docx', 'example_nifti2.nii.gz'],
      ...['having-images.docx', 'note.rtf', 'test.docx', 'test.mgz', 'tiny.mnc', 'tinypet.v'],
    ]);
  });
});

describe.skipIf(CORPUS_MISSING)('several persons', () => {
  test('are never included before the sender says whose images to send', async () => {
    const selection = await select(corpusFolder('cd/pydicom-dicomdirtests'));
    expect(plannedFiles(selection.state)).toEqual([]);
    expect(obstacles(selection.state, LIMITS)).toEqual(['choose_patient']);
    const first = selection.state.patients[0];
    selection.choosePatient(first?.id ?? '', true);
    expect(totals(selection.state).patients).toBe(1);
    expect(totals(selection.state).instances).toBe(
      first?.studies.reduce((n, study) => n + study.instances.length, 0),
    );
  });

  test('leaving out studies brings a selection below the limits', async () => {
    const selection = await select(corpusFolder('cd/philips-ct-incomplete'));
    const tight = { max_bytes: 1e9, max_studies: 1 };
    expect(obstacles(selection.state, tight)).toEqual(['too_many_studies']);
    selection.omitStudy(selection.state.patients[0]?.studies[0]?.id ?? '', true);
    expect(obstacles(selection.state, tight)).toEqual([]);
    expect(obstacles(selection.state, { max_bytes: 10, max_studies: 9 })).toEqual(['too_large']);
  });
});

describe('bad files', () => {
  test('that are empty, vanished or unreadable are named and the rest goes on', async () => {
    const gone: SourceFile = {
      ...chosenFile('disc/gone.pdf', '%PDF-1.4'),
      blob: new Blob([]),
      read: () => Promise.reject(new Error()),
    };
    const { state } = await select([
      chosenFile('disc/nothing.dcm', ''),
      gone,
      chosenFile('letter.pdf', '%PDF-1.7 letter'),
    ]);
    expect(reasons(state)).toEqual({ empty: 1, 'file.unreadable': 1 });
    expect(state.documents).toHaveLength(1);
  });

  test.skipIf(CORPUS_MISSING)(
    'that are broken images are sent for the hospital to judge, never dropped',
    async () => {
      const files = corpusFolder('malformed/generated');
      const { state } = await select(files);
      const grouped = state.patients
        .flatMap((one) => one.studies)
        .reduce((sum, study) => sum + study.instances.length, 0);
      expect(grouped + state.damaged.length + state.leftOut.length + state.documents.length).toBe(
        files.length,
      );
      expect(Object.keys(reasons(state)).sort()).toEqual(['empty', 'media_directory', 'unsupported']);
    },
  );
});
