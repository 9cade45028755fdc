import { beforeAll, describe, expect, test } from 'vitest';
import { addMessages, errorText, formatBytes, formatDicomDate, t } from '../locales';
import errors from '../locales/en/errors.json';
import refusals from '../locales/en/refusals.json';
import sender from '../locales/en/sender.json';
import sending from '../locales/en/sending.json';
import shared from '../locales/en/shared.json';
import type { Study } from '../selection/grouping';
import {
  leftOutSentence,
  modalityWords,
  obstacleSentence,
  readable,
  refusalSentence,
  studyName,
  timeLeft,
} from './sentences';

beforeAll(() => addMessages(shared, errors, refusals, sender, sending));

const study = (part: Partial<Study>): Study => ({
  id: 's',
  uid: '1.2',
  date: '20250312',
  accessionNumber: '',
  description: '',
  modalities: ['MR'],
  bodyParts: [],
  series: [],
  instances: [],
  bytes: 0,
  ...part,
});

describe('what the sender reads', () => {
  test('names a study by its kind and its date in words', () => {
    expect(studyName(study({ description: 'Knee^left_side' }))).toBe(
      'MRI scan, 12 March 2025: Knee left side',
    );
  });

  test('names the images, not what only accompanies them', () => {
    expect(modalityWords(study({ modalities: ['SR', 'PT', 'SEG', 'CT'] }))).toBe('PET scan, CT scan');
    expect(modalityWords(study({ modalities: ['SR'] }))).toBe('Report');
    expect(modalityWords(study({ modalities: [] }))).toBe('Examination');
    expect(modalityWords(study({ modalities: ['ZZ'] }))).toBe('ZZ');
  });

  test('tells the time left in round words', () => {
    expect([null, 20, 61, 600, 9000].map(timeLeft)).toEqual([
      'Working out how long it takes…',
      'Less than a minute left',
      'About 2 minutes left',
      'About 10 minutes left',
      'About 3 hours left',
    ]);
  });

  test('says how much is too much and what to do', () => {
    const total = { patients: 1, studies: 3, instances: 9, documents: 0, damaged: 0, bytes: 3e9 };
    const sentence = obstacleSentence('too_large', total, { max_bytes: 2e9, max_studies: 2 });
    expect(sentence).toContain('Total file size exceeds the limit');
    expect(sentence).toContain('3 GB');
    expect(sentence).toContain('leave out');
  });

  test('has a sentence for every reason and every code, known or not', () => {
    expect(leftOutSentence('archive.suspicious')).toMatch(/too large/);
    expect(refusalSentence('dicom.truncated')).toMatch(/incomplete/);
    expect(refusalSentence('file.vanished')).toMatch(/no longer there/);
    expect(refusalSentence('never.heard_of')).toMatch(/could not be used/);
    expect(errorText('never.heard_of')).toContain('never.heard_of');
  });
});

describe('dates, sizes and plurals', () => {
  test('writes dates of DICOM out, and nothing for what is no date', () => {
    expect(formatDicomDate('19510304')).toBe('4 March 1951');
    expect(formatDicomDate('1951.03.04')).toBe('4 March 1951');
    for (const wrong of ['', '1951', '19510231', '19511304', 'ANON', '00000000'])
      expect(formatDicomDate(wrong)).toBe('');
  });

  test('writes sizes as discs print them', () => {
    expect([1, 950, 999_400, 650_000_000, 4_700_000_000].map(formatBytes)).toEqual([
      '1 byte',
      '950 bytes',
      '999 kB',
      '650 MB',
      '4.7 GB',
    ]);
  });

  test('counts in the singular and in the plural', () => {
    expect(t('sender.documents.remove_selected', { count: 1 })).toBe('Remove 1 selected file');
    expect(t('sender.documents.remove_selected', { count: 1200 })).toBe('Remove 1,200 selected files');
  });

  test('refuses a message whose placeholder is missing', () => {
    expect(() => t('sender.done.when')).toThrow();
    expect(readable('^^A__B')).toBe('A B');
  });
});
