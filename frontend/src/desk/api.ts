/**
 * The desk's side of the HTTP API: one function per request, shapes as in `types.ts`.
 *
 * Every failure becomes an `ApiProblem` with the code of the server's problem+json (RFC 9457); the sentence for a code
 * stands in the message catalogue. When the session has run out, the request waits until the person has logged in again
 * and is then repeated, so that nothing typed is lost.
 */

import type { InboxQuery } from './inbox/rows';
import type { Invitation, InvitationList, NewInvitation } from './invitations/types';
import type { PatientQuery } from './matching/query';
import type { LeftOutReason } from './study/held';
import type { OriginalIdentifiers } from './study/originals';
import type {
  Candidates,
  InboxPage,
  LocalPatient,
  OrderChoice,
  RejectionReason,
  Session,
  StudyDetail,
} from './types';

export type ProblemParams = Record<string, string | number>;

export class ApiProblem extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    readonly params: ProblemParams = {},
  ) {
    super(code);
  }
}

interface Surroundings {
  fetch: typeof fetch;
  /** Called on a 401: resolves when somebody has logged in again, rejects when they gave up. */
  logInAgain: () => Promise<void>;
}

async function problemOf(response: Response): Promise<ApiProblem> {
  let body: { code?: unknown; params?: unknown } = {};
  try {
    const parsed: unknown = await response.json();
    if (typeof parsed === 'object' && parsed !== null) body = parsed;
  } catch {
    // A proxy in between answers in HTML: the status alone has to do.
  }
  const code = typeof body.code === 'string' ? body.code : `http.${response.status}`;
  const params = typeof body.params === 'object' && body.params !== null ? body.params : {};
  return new ApiProblem(code, response.status, { ...(params as ProblemParams) });
}

const segment = encodeURIComponent;

export class DeskApi {
  constructor(private readonly around: Surroundings) {}

  readonly session = () => this.once<Session>('GET', 'api/desk/session');
  readonly logIn = (username: string, password: string) =>
    this.once<Session>('POST', 'api/desk/session', { username, password });
  readonly logOut = () => this.once<void>('DELETE', 'api/desk/session');

  readonly inbox = (query: InboxQuery, page: { limit: number; cursor?: string | null }) => {
    // Posted, because a query string with somebody's name would end in the logs of proxies.
    return this.call<InboxPage>('POST', 'api/desk/inbox/search', {
      view: query.view,
      state: query.state,
      q: query.q.trim(),
      limit: page.limit,
      cursor: page.cursor ?? '',
    });
  };

  readonly findByNumber = (number: string) =>
    this.call<InboxPage>('POST', 'api/desk/inbox/number-search', { number: number.trim() });

  readonly study = (id: string) => this.call<StudyDetail>('GET', this.of(id));
  readonly candidates = (id: string) => this.call<Candidates>('GET', this.of(id, 'candidates'));
  readonly originalIdentifiers = (id: string) =>
    this.call<OriginalIdentifiers>('GET', this.of(id, 'original-identifiers'));

  readonly patients = (query: PatientQuery) => {
    const known = Object.entries(query).map(([name, value]) => [name, value.trim()]);
    return this.call<Candidates>('POST', 'api/desk/patients/search', Object.fromEntries(known));
  };

  readonly reconcile = (
    id: string,
    choice: { local_patient: LocalPatient; order: OrderChoice; differences_confirmed: boolean },
  ) => this.call<StudyDetail>('POST', this.of(id, 'reconciliation'), choice);

  readonly reject = (id: string, reason: RejectionReason, note: string) =>
    this.call<StudyDetail | undefined>('POST', this.of(id, 'rejection'), { reason, note });

  readonly decideHold = (
    id: string,
    itemId: string,
    decision: 'release' | 'leave_out',
    reason?: LeftOutReason,
  ) =>
    this.call<StudyDetail>('POST', this.of(id, `held/${segment(itemId)}`), {
      decision,
      ...(reason ? { reason } : {}),
    });

  readonly retryDelivery = (id: string) =>
    this.call<StudyDetail | undefined>('POST', this.of(id, 'delivery-retry'), {});

  readonly invitations = () => this.call<InvitationList>('GET', 'api/desk/invitations');
  readonly invite = (invitation: NewInvitation) =>
    this.call<Invitation>('POST', 'api/desk/invitations', invitation);
  readonly revoke = (id: string) => this.call<void>('DELETE', `api/desk/invitations/${segment(id)}`);
  readonly reopen = (id: string) => this.call<void>('POST', `api/desk/invitations/${segment(id)}/reopening`);

  private of(studyId: string, part?: string): string {
    const study = `api/desk/studies/${segment(studyId)}`;
    return part === undefined ? study : `${study}/${part}`;
  }

  /** A request of somebody who is logged in; survives the end of a session. */
  private async call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    try {
      return await this.once<Answer>(method, path, body);
    } catch (problem) {
      if (!(problem instanceof ApiProblem) || problem.status !== 401) throw problem;
      await this.around.logInAgain();
      return await this.once<Answer>(method, path, body);
    }
  }

  private async once<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const headers: Record<string, string> = { Accept: 'application/json' };
    if (method !== 'GET') headers['X-Importal-Desk'] = '1';
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    let response: Response;
    try {
      response = await this.around.fetch(path, {
        method,
        headers,
        credentials: 'same-origin',
        cache: 'no-store',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch {
      throw new ApiProblem('network', 0);
    }
    if (!response.ok) throw await problemOf(response);
    if (response.status === 204) return undefined as Answer;
    return (await response.json()) as Answer;
  }
}
