/** The portal's interface for senders: JSON, problem details (RFC 9457), a bearer token from `open`. */

import type {
  AnnouncedFile,
  Contact,
  FileState,
  FrameResult,
  NewSubmission,
  OpenedInvitation,
  OpenSubmission,
  Receipt,
  StudyWords,
  UploadStatus,
} from './messages';

export type { FrameResult, Receipt };

export type ErrorParams = Record<string, string | number>;

/** An answer that is not a success, or no answer at all (code "network"). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly code: string,
    readonly status: number,
    readonly params: ErrorParams = {},
  ) {
    super(code);
  }

  /** Trying the same again later may help. */
  get transient(): boolean {
    const { status } = this;
    return status === 0 || status === 408 || status === 429 || (status >= 500 && status !== 507);
  }
}

/** Milliseconds to wait for an answer, besides the time that the body may take. */
const PATIENCE = 60_000;
/** Bytes per second of the slowest line that is worth waiting for. */
const SLOWEST_LINE = 20_000;

type Fetch = (url: string, init: RequestInit) => Promise<Response>;
type Body = { json: unknown } | { pack: Blob } | Record<string, never>;

export class Api {
  #token = '';
  #code = '';
  #birthDate = '';

  constructor(
    private readonly fetch: Fetch,
    private readonly base = '/api',
  ) {}

  /** Opens an invitation, with the birth date (YYYYMMDD) where it asks for one; from then on this object acts in its name, and renews the token when it ran out. */
  async open(code: string, birthDate = ''): Promise<OpenedInvitation> {
    const json = { code, birth_date: birthDate };
    const opened = await this.#send<OpenedInvitation>('POST', '/invitations/open', { json });
    this.#code = code;
    this.#birthDate = birthDate;
    this.#token = opened.token;
    return opened;
  }

  /** The unfinished submission of this invitation, if there is one to go on with; and how many were handed over. */
  openSubmission(): Promise<{ open_submission: OpenSubmission | null; handed_over: number }> {
    return this.#call('GET', '/submissions/open', {});
  }

  /** What became of what was handed over. */
  async status(): Promise<UploadStatus[]> {
    return (await this.#call<{ uploads: UploadStatus[] }>('GET', '/status', {})).uploads;
  }

  /** Takes an upload back, and tells what became of all of them. */
  async withdraw(id: string): Promise<UploadStatus[]> {
    return (await this.#call<{ uploads: UploadStatus[] }>('POST', `/status/${id}/withdrawal`, {})).uploads;
  }

  createSubmission(submission: NewSubmission): Promise<{ id: string; state: string }> {
    return this.#call('POST', '/submissions', { json: submission });
  }

  /** The encodings in which the server takes frames. */
  async announce(id: string, files: readonly AnnouncedFile[], signal?: AbortSignal): Promise<string[]> {
    const path = `/submissions/${id}/files`;
    const answer = await this.#call<{ encodings?: string[] }>('PUT', path, { json: { files } }, signal);
    return answer.encodings ?? [];
  }

  /** What the server has of every announced file. */
  async fileStates(id: string, signal?: AbortSignal): Promise<FileState[]> {
    const all: FileState[] = [];
    for (let after: number | null = -1; after !== null; ) {
      const path = `/submissions/${id}/files?after=${after}&limit=5000`;
      const page: { files: FileState[]; next: number | null } = await this.#call('GET', path, {}, signal);
      all.push(...page.files);
      after = page.next ?? null;
    }
    return all;
  }

  async sendPack(id: string, pack: Blob, signal?: AbortSignal): Promise<FrameResult[]> {
    const path = `/submissions/${id}/packs`;
    return (await this.#call<{ frames: FrameResult[] }>('POST', path, { pack }, signal)).frames;
  }

  async saveDetails(id: string, contact: Contact, studies: readonly StudyWords[]): Promise<void> {
    await this.#call('PUT', `/submissions/${id}/details`, { json: { contact, studies } });
  }

  /** The receipt of what was handed over; null when it is not to be had (any more). */
  async receipt(id: string): Promise<Receipt | null> {
    return (await this.#call<{ receipt: Receipt | null }>('GET', `/submissions/${id}`, {})).receipt;
  }

  /** `unreadable`: announced files that the sender's computer can no longer read. */
  finish(
    id: string,
    fileCount: number,
    unreadable: readonly number[],
    signal?: AbortSignal,
  ): Promise<Receipt> {
    const json = unreadable.length > 0 ? { file_count: fileCount, unreadable } : { file_count: fileCount };
    return this.#call('POST', `/submissions/${id}/finish`, { json }, signal);
  }

  async discard(id: string): Promise<void> {
    await this.#call('DELETE', `/submissions/${id}`, {});
  }

  async #call<T>(method: string, path: string, body: Body, signal?: AbortSignal): Promise<T> {
    try {
      return await this.#send<T>(method, path, body, signal);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401 && this.#code)) throw error;
      await this.open(this.#code, this.#birthDate);
      return await this.#send<T>(method, path, body, signal);
    }
  }

  async #send<T>(method: string, path: string, body: Body, signal?: AbortSignal): Promise<T> {
    const headers: Record<string, string> = { Accept: 'application/json' };
    if (this.#token) headers.Authorization = `Bearer ${this.#token}`;
    const init: RequestInit = { method, headers, credentials: 'omit', cache: 'no-store' };
    if ('json' in body) {
      headers['Content-Type'] = 'application/json';
      init.body = JSON.stringify(body.json);
    } else if (body.pack) {
      headers['Content-Type'] = 'application/vnd.importal.pack';
      init.body = body.pack;
    }
    return readAnswer<T>(await this.#request(path, init, signal));
  }

  /** A connection that has died silently must not hold the upload for ever: what takes too long is given up. */
  async #request(path: string, init: RequestInit, signal?: AbortSignal): Promise<Response> {
    const bytes = init.body instanceof Blob ? init.body.size : 0;
    const deadline = new AbortController();
    const stop = () => deadline.abort(signal?.reason);
    const timer = setTimeout(stop, PATIENCE + (bytes / SLOWEST_LINE) * 1000);
    signal?.addEventListener('abort', stop);
    try {
      signal?.throwIfAborted();
      return await this.fetch(this.base + path, { ...init, signal: deadline.signal });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiError('network', 0);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    }
  }
}

async function readAnswer<T>(response: Response): Promise<T> {
  if (response.ok) {
    if (response.status === 204) return undefined as T;
    return (await response.json().catch(() => {
      throw new ApiError('network', 0); // The connection broke in the middle of the answer.
    })) as T;
  }
  const problem: { code?: unknown; params?: ErrorParams } = await response.json().catch(() => ({}));
  const code = typeof problem.code === 'string' ? problem.code : `http.${response.status}`;
  const params = { ...problem.params };
  const wait = Number(response.headers.get('Retry-After'));
  if (wait > 0) params.retry_after_seconds ??= wait;
  throw new ApiError(code, response.status, params);
}
