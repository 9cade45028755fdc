import { describe, expect, test } from 'vitest';
import type { StudyRow, StudyState, Upload } from '../types';
import { joined, linesOf, newcomers, nextWaiting } from './rows';

const study = (id: string, state: StudyState = 'inspected'): StudyRow => ({
  id,
  state,
  patient_name: '',
  birth_date: '',
  sex: '',
  study_date: '',
  description: '',
  modalities: [],
  instances: 1,
  documents: 0,
  waiting_since: '',
  is_deidentified: false,
});

const upload = (id: string, ...studies: StudyRow[]): Upload => ({
  submission_id: id,
  reference: id,
  label: 'Uploaded',
  sender_kind: 'patient',
  code: '',
  submitted_at: '',
  contact: { email: '', phone: '' },
  counts: { studies: studies.length, instances: 0, documents: 0, refused: 0 },
  studies,
});

describe('the inbox', () => {
  test('has one line per study, and one for an upload without any', () => {
    const lines = linesOf([upload('u1', study('a'), study('b')), upload('u2')]);
    expect(lines.map((line) => [line.key, line.place])).toEqual([
      ['a', 1],
      ['b', 2],
      ['u2', 0],
    ]);
  });

  test('counts what is new, not what has moved', () => {
    const [first, second, third] = [upload('u1'), upload('u2'), upload('u3')];
    expect(newcomers([first, second], [third, second, first])).toBe(1);
  });

  test('shows an upload once that stands on two pages', () => {
    const pages = [
      [upload('u1'), upload('u2', study('old'))],
      [upload('u2', study('new')), upload('u3')],
    ];
    expect(joined(pages).map((one) => one.submission_id)).toEqual(['u1', 'u2', 'u3']);
    expect(joined(pages)[1]?.studies[0]?.id).toBe('new');
  });
});

describe('the next waiting study', () => {
  const uploads = [
    upload('u1', study('a'), study('b', 'quarantined')),
    upload('u2', study('c')),
    upload('u3', study('d', 'reconciled')),
  ];

  test('follows the one just finished and passes over what cannot be filed', () => {
    expect(nextWaiting(uploads, 'a')?.id).toBe('c');
  });

  test('starts from the top after the last', () => {
    expect(nextWaiting(uploads, 'd')?.id).toBe('a');
  });

  test('is none when only the finished one is left', () => {
    expect(nextWaiting([upload('u1', study('a'))], 'a')).toBeNull();
  });
});
