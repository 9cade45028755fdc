import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fingerprint, fingerprintOf, sha256 } from '../selection/fingerprint';
import type { SourceFile } from '../selection/source';
import { Api } from './api';
import { findSubmission, type Search } from './joining';
import type { FileState } from './messages';
import type { RecognisedFile } from './numbering';

const CASES = JSON.parse(
  readFileSync(new URL('../../../tests/cases/files.json', import.meta.url), 'utf8'),
) as {
  files: {
    name: string;
    path: string;
    bytes: string;
    times?: number;
    beginning: number;
    fingerprint: string;
  }[];
};

interface Kept {
  id: string;
  key: string;
  state: string;
  files: FileState[];
}

/** A portal that keeps submissions by their client key. */
function portal(...submissions: Kept[]) {
  const created: string[] = [];
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    if (url.endsWith('/submissions/open')) {
      const open = submissions.findLast(({ state }) => state === 'draft');
      return Response.json({ open_submission: open ? { id: open.id } : null });
    }
    if (init.method === 'POST') {
      const { client_key: key } = JSON.parse(String(init.body));
      let found = submissions.find((one) => one.key === key);
      if (!found) {
        found = { id: `new-${created.length + 1}`, key, state: 'draft', files: [] };
        submissions.push(found);
        created.push(key);
      }
      return Response.json({ id: found.id, state: found.state });
    }
    const found = submissions.find(({ id }) => url.includes(`/submissions/${id}/files`));
    return Response.json({ files: found?.files ?? [], next: null });
  };
  return { api: new Api(fetch), submissions, created };
}

function chosen(...names: string[]): RecognisedFile[] {
  const read = () => Promise.resolve(new Uint8Array());
  return names.map((path) => ({
    file: { path, size: 5, blob: null, read },
    role: 'instance',
    fingerprint: `of ${path};`,
  }));
}

function states(...names: string[]): FileState[] {
  return names.map((name, number) => ({ number, fingerprint: `of ${name};`, state: 'stored' }));
}

function draft(id: string, ...names: string[]): Kept {
  return { id, key: id, state: 'draft', files: states(...names) };
}

function search(api: Api, files: RecognisedFile[], asked: number[] = []) {
  const wanted: Search = {
    api,
    chosen: files,
    creation: {
      consent: { privacy_policy_version: '1', privacy_policy: true, sharing: true, language: 'en' },
      contact: { email: '', phone: '' },
      studies: [],
    },
    onOthers: async (others) => void asked.push(others),
    persistently: (attempt) => attempt(),
  };
  return findSubmission(wanted);
}

describe('an unfinished upload', () => {
  test('of the same files is gone on with', async () => {
    const { api, created } = portal(draft('s1', 'a', 'b'));
    expect(await search(api, chosen('b', 'a'))).toMatchObject({ id: 's1', isOver: false });
    expect(created).toEqual([]);
  });

  test('of some of the chosen files is gone on with', async () => {
    const { api } = portal(draft('s1', 'a'));
    expect((await search(api, chosen('a', 'b'))).id).toBe('s1');
  });

  test('of other files is left alone, as those of another tab or of another person', async () => {
    const asked: number[] = [];
    const { api } = portal(draft('s1', 'a', 'b'));
    expect((await search(api, chosen('c'), asked)).id).toBe('new-1');
    expect(asked).toEqual([]);
  });

  test('that holds more than was chosen now is never joined without a question, and not after it', async () => {
    const asked: number[] = [];
    const { api } = portal(draft('s1', 'a', 'b', 'c'));
    expect((await search(api, chosen('a'), asked)).id).toBe('new-1');
    expect(asked).toEqual([2]);
  });

  test('without any file is nobody’s', async () => {
    const { api } = portal(draft('s1'));
    expect((await search(api, chosen('a'))).id).toBe('new-1');
  });

  test('is found behind a newer one of other files', async () => {
    const { api, submissions } = portal();
    const first = await search(api, chosen('a', 'b'));
    const kept = submissions[0];
    if (kept) kept.files = states('a');
    submissions.push(draft('s2', 'z'));
    expect((await search(api, chosen('b', 'a'))).id).toBe(first.id);
  });
});

describe('an upload that was handed over', () => {
  test('of exactly these files is not sent again', async () => {
    const { api, submissions } = portal();
    await search(api, chosen('a'));
    Object.assign(submissions[0] as Kept, { state: 'submitted', files: states('a') });
    expect(await search(api, chosen('a'))).toMatchObject({ id: 'new-1', isOver: true });
    expect((await search(api, chosen('a', 'b'))).isOver).toBe(false);
  });

  test('and came to its end begins anew', async () => {
    const { api, submissions } = portal();
    await search(api, chosen('a'));
    Object.assign(submissions[0] as Kept, { state: 'closed', files: [] });
    expect(await search(api, chosen('a'))).toMatchObject({ id: 'new-2', isOver: false });
  });
});

describe('a fingerprint', () => {
  test.each(CASES.files)('of $name is the same in all implementations', async (one) => {
    const bytes = Buffer.from(one.bytes.repeat(one.times ?? 1), 'hex');
    const beginning = await sha256(bytes.subarray(0, one.beginning));
    expect(await fingerprint(one.path, bytes.length, beginning)).toBe(one.fingerprint);
    const file: SourceFile = {
      path: one.path,
      size: bytes.length,
      blob: null,
      read: async (start, end) => bytes.subarray(start, end),
    };
    if (one.beginning > bytes.length) expect(await fingerprintOf(file)).toBe(one.fingerprint);
    else expect(await fingerprintOf(file, beginning)).toBe(one.fingerprint);
  });
});
