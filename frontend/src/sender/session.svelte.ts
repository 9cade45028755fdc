/** Where the sender stands: the invitation that was opened, the step, and what is said aloud. */
import type { Judgement, Person } from '../identity/verdict';
import { errorText } from '../locales';
import { Api, ApiError } from '../transfer/api';
import type { OpenedInvitation, OpenSubmission } from '../transfer/messages';

export type Step = 'code' | 'choose' | 'sending' | 'done' | 'status';

export type Invitation = OpenedInvitation & { open_submission: OpenSubmission | null; handed_over: number };

export interface Undo {
  text: string;
  run: () => void;
}

const CODE_IN_ADDRESS = /^#code=(.+)$/;

class Session {
  // Relative to the page, which may lie below a path.
  readonly api = new Api((url, init) => fetch(url, init), 'api');
  step = $state<Step>('code');
  opening = $state(false);
  code = $state('');
  invitation = $state.raw<Invitation | null>(null);
  /** The invitation opens only to those who know the patient's birth date. */
  needsBirthDate = $state(false);
  /** Compares the patient of some images with the expected one; null where nobody is expected. */
  judge: ((found: Person) => Judgement) | null = null;
  /** Sentences of the error summary; empty when there is nothing to correct. */
  errors = $state.raw<readonly string[]>([]);
  /** The last message of the live region. */
  announcement = $state('');
  undo = $state.raw<Undo | null>(null);
  #birthDate = '';

  /** Opens the invitation of a link, when the address holds one. */
  async openFromAddress(first: () => Promise<Step>): Promise<void> {
    const match = CODE_IN_ADDRESS.exec(location.hash);
    if (match?.[1]) await this.open(decode(match[1]), first);
  }

  /** `first`: the step to begin with, found out once the invitation is open. */
  async open(
    code: string,
    first: () => Promise<Step> = async () => 'choose',
    birthDate = this.#birthDate,
  ): Promise<void> {
    if (code.trim() !== this.code) this.needsBirthDate = false;
    this.code = code.trim();
    this.errors = [];
    this.opening = true;
    try {
      const opened = await this.api.open(this.code, birthDate);
      this.#birthDate = birthDate;
      this.judge = await judgeOf(opened.expected);
      this.invitation = { ...opened, ...(await this.api.openSubmission()) };
      // In the fragment the code survives a reload and never reaches a server's log.
      history.replaceState(null, '', `#code=${encodeURIComponent(this.code)}`);
      this.step = await first();
    } catch (error) {
      if (error instanceof ApiError && error.code === 'invitation.birth_date_needed')
        this.needsBirthDate = true;
      else this.fail(error);
    } finally {
      this.opening = false;
    }
  }

  /** Has the upload deleted that was interrupted before; a failure leaves it to the retention of the server. */
  async discardOpen(): Promise<void> {
    const id = this.invitation?.open_submission?.id;
    if (this.invitation) this.invitation = { ...this.invitation, open_submission: null };
    if (id) await this.api.discard(id).catch(() => undefined);
  }

  /** Asks again whether there is an unfinished upload to go on with. */
  async lookForOpenSubmission(): Promise<void> {
    const found = await this.api.openSubmission();
    if (this.invitation) this.invitation = { ...this.invitation, ...found };
  }

  fail(error: unknown): void {
    this.errors = [sentenceFor(error)];
  }

  /** Tells it to those who cannot see the page. */
  announce(text: string): void {
    this.announcement = text;
  }
}

/** Loaded where an invitation expects somebody; without it nothing could be compared, so the door stays shut. */
async function judgeOf(expected: Person): Promise<Session['judge']> {
  if (!expected.patient_name && !expected.birth_date) return null;
  const { judge } = await import('../identity/verdict').catch(() => {
    throw new ApiError('network', 0);
  });
  return (found) => judge(expected, found);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What to tell the sender about a failure. */
export function sentenceFor(error: unknown): string {
  return error instanceof ApiError ? errorText(error.code, error.params) : errorText('unexpected');
}

export const session = new Session();
