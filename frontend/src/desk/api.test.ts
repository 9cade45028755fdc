import { describe, expect, test, vi } from 'vitest';
import { ApiProblem, DeskApi } from './api';

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });

function apiWith(answers: (() => Response | Promise<Response>)[], logInAgain = async () => {}) {
  const fetch = vi.fn(async (_input: RequestInfo | URL, _init?: RequestInit) => {
    const answer = answers.shift();
    if (!answer) throw new Error('no answer left');
    return answer();
  });
  return { api: new DeskApi({ fetch, logInAgain }), fetch };
}

describe('the API', () => {
  test('marks what changes something, so that no other site can do it', async () => {
    const { api, fetch } = apiWith([() => json({}), () => json({ uploads: [], next_cursor: null })]);
    await api.retryDelivery('s1');
    await api.study('s-1');
    expect(fetch.mock.calls[0]?.[1]?.headers).toHaveProperty('X-Importal-Desk', '1');
    expect(fetch.mock.calls[1]?.[1]?.headers).not.toHaveProperty('X-Importal-Desk');
  });

  test('never writes what is searched for into an address', async () => {
    const { api, fetch } = apiWith([() => json({ uploads: [] }), () => json({ candidates: [] })]);
    await api.inbox({ view: 'all', state: '', q: 'MUSTER' }, { limit: 50 });
    await api.patients({ name: 'MUSTER', birth_date: '19600201', patient_id: '', accession_number: '' });
    const addresses = fetch.mock.calls.map(([address]) => String(address));
    expect(addresses).toEqual(['api/desk/inbox/search', 'api/desk/patients/search']);
    expect(fetch.mock.calls.map(([, init]) => String(init?.body).includes('MUSTER'))).toEqual([true, true]);
  });

  test('turns problem+json into its code and parameters', async () => {
    const { api } = apiWith([() => json({ code: 'rate.limited', params: { retry_after_seconds: 30 } }, 429)]);
    const failure = await api.logIn('kim', 'secret').catch((problem: unknown) => problem);
    expect(failure).toBeInstanceOf(ApiProblem);
    expect(failure).toMatchObject({ code: 'rate.limited', status: 429, params: { retry_after_seconds: 30 } });
  });

  test('survives an answer that is no JSON, and no answer at all', async () => {
    const { api } = apiWith([
      () => new Response('<html>', { status: 502 }),
      () => Promise.reject(new TypeError('away')),
    ]);
    await expect(api.study('s1')).rejects.toMatchObject({ code: 'http.502', status: 502 });
    await expect(api.study('s1')).rejects.toMatchObject({ code: 'network', status: 0 });
  });

  test('waits for a new log in and repeats the request as it was', async () => {
    const logInAgain = vi.fn(async () => {});
    const { api, fetch } = apiWith(
      [() => json({ code: 'unauthorised' }, 401), () => json({ state: 'rejected' })],
      logInAgain,
    );
    await expect(api.reject('s1', 'other', 'typed with care')).resolves.toMatchObject({ state: 'rejected' });
    expect(logInAgain).toHaveBeenCalledTimes(1);
    expect(fetch.mock.calls[1]?.[1]?.body).toBe(fetch.mock.calls[0]?.[1]?.body);
  });

  test('does not ask to log in again when the log in itself is refused', async () => {
    const logInAgain = vi.fn(async () => {});
    const { api } = apiWith([() => json({ code: 'session.refused' }, 401)], logInAgain);
    await expect(api.logIn('kim', 'wrong')).rejects.toMatchObject({ code: 'session.refused' });
    expect(logInAgain).not.toHaveBeenCalled();
  });
});
