/** Whose images are sent unasked, and what is kept apart: nothing of another person is ever preselected. */
import { describe, expect, test } from 'vitest';
import { judge, type Person } from '../identity/verdict';
import { PatientTree } from './grouping';
import type { Header } from './header';
import { answerOn, EMPTY_SELECTION, includedPatients, type SelectionState } from './selection';

const EXPECTED: Person = { patient_name: 'García López^Ana', birth_date: '19510304', sex: 'F' };

/** A selection with one image of each; "name born id". */
function chosen(
  expected: Person | null,
  ...found: [name: string, born: string, id?: string][]
): SelectionState {
  const tree = new PatientTree();
  for (const [at, [patientName, patientBirthDate, patientId = `P${at}`]] of found.entries()) {
    const header = { patientName, patientBirthDate, patientId, patientSex: '', issuerOfPatientId: '' };
    const uids = { studyInstanceUid: `1.${at}`, seriesInstanceUid: `1.${at}.1` };
    const texts = { modality: 'MR', seriesDescription: '', bodyPart: '', studyDescription: '' };
    const file = { path: `${at}`, size: 1 } as never;
    const numbers = { accessionNumber: '', studyDate: '', seriesNumber: '1' };
    tree.add({ file, beginning: '', header: { ...header, ...uids, ...texts, ...numbers } as Header });
  }
  const patients = tree.patients().map((patient) => {
    const { nameInImages, birthDate, sex } = patient;
    const person = { patient_name: nameInImages, birth_date: birthDate, sex };
    return { ...patient, judgement: expected && judge(expected, person) };
  });
  return { ...EMPTY_SELECTION, patients };
}

const names = (state: SelectionState) => includedPatients(state).map(({ nameInImages }) => nameInImages);

describe('where somebody is expected', () => {
  test('only who matches is preselected, however many there are', () => {
    const state = chosen(
      EXPECTED,
      ['GARCIA LOPEZ^ANA', '19510304'],
      ['GARCIA LOPEZ^EVA', '19510304'],
      ['GARCIA LOPEZ', '19510304'],
      ['GARCIA LOPEZ^ANA', '19790304'],
      ['', '19510304'],
    );
    expect(state.patients).toHaveLength(5);
    expect(names(state)).toEqual(['GARCIA LOPEZ^ANA']);
  });

  test.each([
    ['another person', 'DOE^JOHN', '19620917'],
    ['a twin', 'GARCIA LOPEZ^EVA', '19510304'],
    ['somebody without a name', '', ''],
    ['a changed name', 'DOE^ANA', '19510304'],
  ])(
    'a single person who is %s is not preselected, and is sent when the sender says so',
    (_who, name, born) => {
      const state = chosen(EXPECTED, [name, born]);
      expect(names(state)).toEqual([]);
      const [patient] = state.patients;
      const verdict = patient?.judgement?.verdict ?? null;
      const answered = { ...state, answers: new Map([[patient?.id ?? '', { isChosen: true, verdict }]]) };
      expect(names(answered)).toEqual([name]);
    },
  );

  test('an answer is void when the images say something else since', () => {
    const state = chosen(EXPECTED, ['DOE^ANA', '19510304']);
    const answers = new Map([['patient-1', { isChosen: true, verdict: 'not_stated' as const }]]);
    const [patient] = state.patients;
    expect(patient && answerOn({ ...state, answers }, patient)).toBeNull();
    expect(names({ ...state, answers })).toEqual([]);
  });
});

test('where nobody is expected a single person is sent unasked, and several are asked about', () => {
  expect(names(chosen(null, ['DOE^JOHN', '19620917']))).toEqual(['DOE^JOHN']);
  expect(names(chosen(null, ['DOE^JOHN', '19620917'], ['DOE^JANE', '19620917']))).toEqual([]);
});

test('names in characters alone tell people apart, under one number and birth date too', () => {
  const state = chosen(null, ['=山田^太郎', '19510304', 'P'], ['=山田^花子', '19510304', 'P']);
  expect(state.patients).toHaveLength(2);
});
