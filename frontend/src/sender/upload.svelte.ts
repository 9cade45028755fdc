/** The upload as the pages see it: begin or go on, pause, cancel, receipt. */
import { isUid } from '../selection/header';
import { plannedFiles } from '../selection/plan';
import { ApiError, type Receipt, type StudyComment } from '../transfer/api';
import { BROWSER } from '../transfer/environment';
import { forget, numberFiles } from '../transfer/numbering';
import type { TransferProgress } from '../transfer/progress';
import { Transfer } from '../transfer/transfer';
import { choice } from './choice.svelte';
import { guardPage } from './guard';
import { sentenceFor, session } from './session.svelte';

/** The server knows other files under this submission than the ones chosen now. */
const OTHER_SELECTION = new Set(['files.conflict', 'transfer.incomplete', 'submission.closed']);

export interface ReceivedProof {
  receipt: Receipt;
  paths: ReadonlyMap<number, string>;
  failures: TransferProgress['failures'];
}

class Upload {
  progress = $state.raw<TransferProgress | null>(null);
  proof = $state.raw<ReceivedProof | null>(null);
  problem = $state('');
  /** Going on cannot work, starting over can. */
  mustStartOver = $state(false);
  #transfer: Transfer | null = null;
  #submissionId: string | null = null;
  #clientKey = '';
  #cancelled = false;

  /** Sends what is chosen; goes on with an unfinished upload where there is one. */
  async start(): Promise<void> {
    session.step = 'sending';
    session.undo = null;
    session.errors = [];
    this.problem = '';
    this.mustStartOver = false;
    this.#cancelled = false;
    this.progress = null;
    const release = guardPage();
    try {
      await this.#run();
      session.step = 'done';
    } catch (error) {
      if (this.#cancelled) return;
      this.problem = sentenceFor(error);
      this.mustStartOver = error instanceof ApiError && OTHER_SELECTION.has(error.code);
    } finally {
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
    this.#cancelled = true;
    this.#transfer?.cancel();
    await this.discard();
    session.step = 'choose';
  }

  async startOver(): Promise<void> {
    await this.discard();
    await this.start();
  }

  /** Has the unfinished submission deleted; a failure leaves it to the retention of the server. */
  async discard(): Promise<void> {
    const id = this.#submissionId ?? session.invitation?.open_submission?.id;
    this.#forgetSubmission();
    if (!id) return;
    forget(id, localStorage);
    await session.api.discard(id).catch(() => undefined);
  }

  /** Back to the first page, ready for another upload with the same code. */
  async again(): Promise<void> {
    this.proof = null;
    this.#forgetSubmission();
    choice.clear();
    await session.open(session.code);
  }

  async #run(): Promise<void> {
    const planned = plannedFiles(choice.state);
    const id = await this.#submission();
    const files = await numberFiles(id, planned, localStorage);
    const show = (progress: TransferProgress) => {
      this.progress = progress;
    };
    this.#transfer = new Transfer(session.api, id, files, show, BROWSER);
    const receipt = await this.#transfer.run();
    const paths = new Map(files.map(({ number, file }) => [number, file.path]));
    this.proof = { receipt, paths, failures: this.progress?.failures ?? [] };
    forget(id, localStorage);
    this.#forgetSubmission();
  }

  async #submission(): Promise<string> {
    const known = this.#submissionId ?? session.invitation?.open_submission?.id ?? null;
    const contact = { ...choice.contact };
    const studies = comments();
    this.#submissionId = known;
    if (known) {
      await session.api.saveDetails(known, contact, studies);
      return known;
    }
    this.#clientKey ||= crypto.randomUUID();
    const version = session.invitation?.institution.privacy_policy.version ?? '';
    const { privacy, sharing } = choice.consent;
    const language = document.documentElement.lang;
    const consent = { privacy_policy_version: version, privacy_policy: privacy, sharing, language };
    const created = await session.api.createSubmission({
      client_key: this.#clientKey,
      consent,
      contact,
      studies,
    });
    this.#submissionId = created.id;
    return created.id;
  }

  #forgetSubmission(): void {
    this.#submissionId = null;
    this.#clientKey = '';
    if (session.invitation) session.invitation = { ...session.invitation, open_submission: null };
  }
}

/** One entry per study, also when two patients claim the same one. */
function comments(): StudyComment[] {
  const byUid = new Map<string, string>();
  for (const { id, uid } of choice.studies.filter((study) => isUid(study.uid))) {
    const own = choice.comments[id]?.trim() ?? '';
    byUid.set(uid, [byUid.get(uid), own].filter(Boolean).join('\n'));
  }
  return [...byUid].map(([study_instance_uid, comment]) => ({ study_instance_uid, comment }));
}

export const upload = new Upload();
