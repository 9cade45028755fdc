/** The upload as the pages see it: begin or go on, pause, cancel, questions on the way, receipt. */
import { fingerprintOf } from '../../selection/fingerprint';
import { type PlannedFile, plannedFiles } from '../../selection/plan';
import { SourceError } from '../../selection/source';
import { BROWSER } from '../../transfer/environment';
import { type FoundSubmission, findSubmission } from '../../transfer/joining';
import { numberFiles, type RecognisedFile } from '../../transfer/numbering';
import { persistently } from '../../transfer/persist';
import type { FailedFile, MissingFiles, TransferProgress } from '../../transfer/progress';
import { Transfer } from '../../transfer/transfer';
import { choice } from '../choice.svelte';
import { guardPage } from '../guard';
import { studyName } from '../sentences';
import { type Step, sentenceFor, session } from '../session.svelte';
import { fetchProof, forgetProof, keepProof, type ReceivedProof } from './proof';

/** Something that only the sender can decide while the upload stands still. */
export type Question =
  | { kind: 'others'; count: number; answer: (separately: boolean) => void }
  | (MissingFiles & { kind: 'missing'; answer: (decision: 'again' | 'without') => void });

/** The sender went back: nothing failed, and what was confirmed stays for another time. */
class WentBack extends Error {}

class Upload {
  progress = $state.raw<TransferProgress | null>(null);
  proof = $state.raw<ReceivedProof | null>(null);
  question = $state.raw<Question | null>(null);
  problem = $state('');
  #transfer: Transfer | null = null;
  #submissionId: string | null = null;
  #stop = new AbortController();

  /** Sends what is chosen; goes on with an unfinished upload of the same files where there is one. */
  async start(): Promise<void> {
    session.step = 'sending';
    session.undo = null;
    session.errors = [];
    this.problem = '';
    this.#stop = new AbortController();
    this.#show({ phase: 'preparing' });
    const release = guardPage();
    try {
      await this.#run();
      session.step = 'done';
    } catch (error) {
      if (error instanceof WentBack || this.#stop.signal.aborted) return;
      this.problem = sentenceFor(error);
    } finally {
      this.#transfer = null;
      release();
    }
  }

  pause(): void {
    this.#transfer?.pause();
  }

  resume(): void {
    this.#transfer?.resume();
  }

  /** Stops and has everything deleted that arrived. */
  async cancel(): Promise<void> {
    this.#halt();
    await this.#withdraw(this.#submissionId);
    session.step = 'choose';
  }

  /** Stops, keeps what arrived, and lets the sender choose the disc again: it goes on from there. */
  async chooseAgain(): Promise<void> {
    this.#halt();
    this.#submissionId = null;
    choice.chooseAgain();
    await session.lookForOpenSubmission().catch(() => undefined);
    session.step = 'choose';
  }

  /** Where the page begins: with the receipt, when this tab showed it before it was loaded again. */
  async restore(): Promise<Step> {
    this.proof = await fetchProof(session.api);
    return this.proof ? 'done' : 'choose';
  }

  /** Back to the first page, ready for another upload with the same code. */
  async again(): Promise<void> {
    this.proof = null;
    forgetProof();
    this.#forgetSubmission();
    choice.clear();
    await session.open(session.code);
  }

  /** To what became of it; from there on, another upload can be begun. */
  async follow(): Promise<void> {
    await this.again();
    if (session.step === 'choose') session.step = 'status';
  }

  async #run(): Promise<void> {
    const { chosen, failures } = await this.#recognise(plannedFiles(choice.state));
    const found = await this.#find(chosen);
    const files = numberFiles(chosen, found.there);
    this.#submissionId = found.id;
    const receipt = found.isOver ? await this.#persistently(() => session.api.receipt(found.id)) : null;
    const studies = Object.fromEntries(choice.studies.map((study) => [study.uid, studyName(study)]));
    const paths = new Map(files.map(({ number, file }) => [number, file.path]));
    if (receipt) {
      this.proof = { receipt, studies, paths, failures, isRepeated: true };
    } else {
      if (found.isKnown) {
        const contact = { ...choice.contact };
        await this.#persistently(() => session.api.saveDetails(found.id, contact, choice.words()));
      }
      const listener = {
        progress: (progress: TransferProgress) => {
          this.progress = progress;
        },
        missing: (missing: MissingFiles) => this.#askMissing(missing),
      };
      this.#transfer = new Transfer(session.api, found.id, files, listener, BROWSER);
      const given = await this.#transfer.run();
      failures.push(...(this.progress?.failures ?? []));
      this.proof = { receipt: given, studies, paths, failures, isRepeated: false };
    }
    keepProof(found.id, studies);
    this.#forgetSubmission();
  }

  /** Fingerprints of all files. Documents are read for that, and what cannot be read is asked about. */
  async #recognise(planned: readonly PlannedFile[]) {
    const chosen: RecognisedFile[] = [];
    const failures: FailedFile[] = [];
    let rest = planned;
    while (rest.length > 0) {
      const unread: { one: PlannedFile; code: string }[] = [];
      for (const one of rest) {
        this.#stop.signal.throwIfAborted();
        try {
          chosen.push({ ...one, fingerprint: await fingerprintOf(one.file, one.beginning) });
        } catch (error) {
          unread.push({ one, code: error instanceof SourceError ? error.code : 'file.unreadable' });
        }
      }
      const files = unread.map(({ one, code }) => ({ path: one.file.path, code }));
      const canHandOver = chosen.some(({ role }) => role === 'instance');
      const isAgain = files.length > 0 && (await this.#askMissing({ files, canHandOver })) === 'again';
      if (!isAgain) failures.push(...files);
      rest = isAgain ? unread.map(({ one }) => one) : [];
    }
    return { chosen, failures };
  }

  #find(chosen: readonly RecognisedFile[]): Promise<FoundSubmission> {
    const version = session.invitation?.institution.privacy_policy.version ?? '';
    const { privacy, sharing } = choice.consent;
    const language = document.documentElement.lang;
    return findSubmission({
      api: session.api,
      chosen,
      creation: {
        consent: { privacy_policy_version: version, privacy_policy: privacy, sharing, language },
        contact: { ...choice.contact },
        studies: choice.words(),
      },
      onOthers: async (count) => {
        const separately = await this.#ask<boolean>((answer) => ({ kind: 'others', count, answer }));
        if (separately) return;
        session.step = 'choose';
        throw new WentBack();
      },
      persistently: (attempt) => this.#persistently(attempt),
    });
  }

  #askMissing(missing: MissingFiles): Promise<'again' | 'without'> {
    this.#show({ phase: 'asking' });
    return this.#ask((answer) => ({ ...missing, kind: 'missing', answer }));
  }

  async #ask<Answer>(question: (answer: (given: Answer) => void) => Question): Promise<Answer> {
    const { signal } = this.#stop;
    const given = await new Promise<Answer | undefined>((resolve) => {
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
      this.question = question(resolve);
    });
    this.question = null;
    signal.throwIfAborted();
    return given as Answer;
  }

  /** What has to be said before the first byte is sent is repeated as patiently as the bytes themselves. */
  #persistently<T>(attempt: () => Promise<T>): Promise<T> {
    const onTrouble = () => this.#show({ phase: 'waiting' });
    const onAnswer = () => this.#show({ phase: 'preparing' });
    return persistently(attempt, { environment: BROWSER, signal: this.#stop.signal, onTrouble, onAnswer });
  }

  #show(part: Pick<TransferProgress, 'phase'>): void {
    const totalBytes = choice.totals.bytes;
    const empty = { confirmedBytes: 0, sentBytes: 0, secondsLeft: null, studyUid: null, failures: [] };
    this.progress = { totalBytes, ...empty, ...(this.#transfer ? this.progress : {}), ...part };
  }

  #halt(): void {
    this.#stop.abort();
    this.#transfer?.cancel();
  }

  /** A failure leaves it to the retention of the server. */
  async #withdraw(id: string | null): Promise<void> {
    this.#forgetSubmission();
    if (id) await session.api.discard(id).catch(() => undefined);
  }

  #forgetSubmission(): void {
    this.#submissionId = null;
    if (session.invitation) session.invitation = { ...session.invitation, open_submission: null };
  }
}

export const upload = new Upload();
