import { describe, expect, test } from 'vitest';
import { addMessages } from '../../locales';
import desk from '../../locales/en/desk.json';
import errors from '../../locales/en/errors.json';
import refusals from '../../locales/en/refusals.json';
import shared from '../../locales/en/shared.json';
import type { StudyDetail } from '../types';
import { attemptSentence, commitmentLook, refusalSentences } from './delivery';
import { pauseFor } from './follow';
import { actorText, historySentence } from './history';

addMessages(shared, errors, refusals, desk);

const study = (part: Partial<StudyDetail>) =>
  ({
    can: { reconcile: false, reject: false, retry_delivery: false },
    delivery: null,
    ...part,
  }) as StudyDetail;

describe('a study is asked for', () => {
  test('often while the machine works on it', () => {
    expect(pauseFor(study({ state: 'received' }))).toBe(2000);
    expect(pauseFor(study({ state: 'reconciled' }))).toBe(2000);
    expect(pauseFor(study({ state: 'delivered' }))).toBe(2000);
  });

  test('seldom when it waits for a person or has arrived', () => {
    const can = { reconcile: false, decide_holds: false, reject: false, retry_delivery: true };
    expect(pauseFor(study({ state: 'reconciled', can }))).toBe(15_000);
    expect(pauseFor(study({ state: 'inspected' }))).toBe(15_000);
    expect(pauseFor(study({ state: 'committed' }))).toBe(15_000);
    expect(pauseFor(null)).toBe(15_000);
  });
});

describe('delivery in words', () => {
  const attempt = { number: 1, started_at: '', outcome: null, delivered: 412 };

  test('says how many arrived and why it stopped', () => {
    const failed = { ...attempt, ended_at: 'then', error_code: 'delivery.unreachable' };
    expect(attemptSentence(failed)).toBe('412 images delivered, then stopped. The PACS cannot be reached.');
  });

  test('never calls an attempt under way finished', () => {
    expect(attemptSentence({ ...attempt, ended_at: null, error_code: null })).toContain('Under way');
  });

  test('names each reason of refusal once with its count', () => {
    const refused = [
      { sop_instance_uid: '1', code: '', status: 0xa700 },
      { sop_instance_uid: '2', code: '', status: 0xa700 },
    ];
    expect(refusalSentences(refused)).toEqual(['2 images: The PACS refused with status A700.']);
  });

  test('calls nothing confirmed that is not', () => {
    expect(commitmentLook('delivered', 'pending').kind).not.toBe('good');
    expect(commitmentLook('delivered', 'failed').kind).toBe('bad');
    expect(commitmentLook('committed', 'confirmed').kind).toBe('good');
  });
});

describe('history in words', () => {
  const entry = { at: '', actor: 'system', params: {} };

  test('knows the road of a study', () => {
    expect(historySentence({ ...entry, action: 'study.committed' })).toContain('confirmed');
    expect(actorText('system')).toBe('Importal');
    expect(actorText('Kim')).toBe('Kim');
  });

  test('stays readable for an action that is new', () => {
    expect(historySentence({ ...entry, action: 'study.was_renamed' })).toBe('Event: study was renamed');
  });
});
