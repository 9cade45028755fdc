/** What the sender chose and decided, for the pages: a reactive face of the selection engine. */
import { SvelteSet } from 'svelte/reactivity';
import type { Judgement } from '../identity/verdict';
import { t } from '../locales';
import { fromDrop, fromInput } from '../selection/gather';
import type { Patient } from '../selection/grouping';
import { obstacles, totals, unassignedDocuments } from '../selection/plan';
import {
  type Addition,
  EMPTY_SELECTION,
  includedStudies,
  Selection,
  type SelectionState,
} from '../selection/selection';
import type { SourceFile } from '../selection/source';
import type { StudyWords } from '../transfer/messages';
import { later } from './later';
import { obstacleSentence } from './sentences';
import { session } from './session.svelte';
import { wordsOf } from './words';

export interface PasswordQuestion {
  archive: string;
  attempt: number;
  answer: (password: string | null) => void;
}

class Choice {
  state = $state.raw<SelectionState>(EMPTY_SELECTION);
  /** Something was added at least once: the second panel opens. */
  touched = $state(false);
  comments = $state<Record<string, string>>({});
  contact = $state({ email: '', phone: '' });
  consent = $state({ privacy: false, sharing: false });
  /** Documents marked in the panel of those without a study. */
  readonly marked = new SvelteSet<string>();
  question = $state.raw<PasswordQuestion | null>(null);
  #selection = this.#fresh();

  readonly unassigned = $derived(unassignedDocuments(this.state));
  readonly studies = $derived(includedStudies(this.state));
  /** Leaving the page would lose what was chosen. */
  readonly isWorthKeeping = $derived(this.state.patients.length + this.state.documents.length > 0);
  readonly totals = $derived(totals(this.state));
  readonly obstacles = $derived.by(() => {
    const limits = session.invitation?.limits;
    return limits && this.touched && !this.state.scanning ? obstacles(this.state, limits) : [];
  });
  /** Obstacles that are mistakes, not merely decisions still to be made. */
  readonly errors = $derived(
    this.obstacles.filter((one) => one !== 'documents_unassigned' && one !== 'choose_patient'),
  );

  async addFromInput(files: FileList): Promise<void> {
    await this.#add(fromInput(files), []);
  }

  async addFromDrop(data: DataTransfer): Promise<void> {
    const { files, unreadable } = await fromDrop(data);
    await this.#add(files, unreadable);
  }

  choosePatient(id: string, chosen: boolean): void {
    this.#selection.choosePatient(id, chosen);
  }

  omitStudy(id: string, omitted: boolean): void {
    this.#selection.omitStudy(id, omitted);
  }

  assignMarked(studyId: string): void {
    const count = this.marked.size;
    this.#selection.assignDocuments(new Set(this.marked), studyId);
    this.marked.clear();
    session.announce(t('sender.documents.added', { count }));
  }

  removeDocuments(ids: Iterable<string>): void {
    const removed = this.#selection.removeDocuments(new Set(ids));
    for (const { id } of removed) this.marked.delete(id);
    const text = t('sender.documents.removed', { count: removed.length });
    session.announce(text);
    session.undo = { text, run: () => this.#selection.restoreDocuments(removed) };
  }

  takeFromStudy(id: string): void {
    this.#selection.assignDocuments(new Set([id]), null);
  }

  /** What is said with each study: one entry per UID, also when two patients claim the same one. */
  words(): StudyWords[] {
    return wordsOf(this.state, this.comments);
  }

  /**
   * Forgets everything; what was there can be brought back by the undo that it leaves. Files that are still
   * being looked at cannot: half a study must never come back as if it were whole.
   */
  reset(): void {
    if (this.#selection.isScanning) {
      this.#selection.stop();
      this.question?.answer(null);
      this.clear();
      session.undo = null;
      return;
    }
    const before = {
      selection: this.#selection,
      touched: this.touched,
      comments: this.comments,
      contact: this.contact,
    };
    this.clear();
    const restore = () => {
      this.#selection = before.selection;
      this.state = before.selection.state;
      this.touched = before.touched;
      this.comments = before.comments;
      this.contact = before.contact;
    };
    session.undo = { text: t('sender.reset.done'), run: restore };
  }

  /** Forgets what was chosen, but not what the sender wrote and agreed to. */
  chooseAgain(): void {
    const { contact, consent } = this;
    this.clear();
    this.contact = contact;
    this.consent = consent;
  }

  clear(): void {
    this.#selection = this.#fresh();
    this.state = EMPTY_SELECTION;
    this.touched = false;
    this.comments = {};
    this.contact = { email: '', phone: '' };
    this.consent = { privacy: false, sharing: false };
    this.marked.clear();
    session.errors = [];
  }

  #fresh(): Selection {
    const listen = (state: SelectionState) => {
      if (selection === this.#selection) this.state = state;
    };
    const selection: Selection = new Selection(listen, (patient) => judged(patient));
    return selection;
  }

  async #add(files: readonly SourceFile[], unreadable: readonly string[]): Promise<void> {
    if (files.length + unreadable.length === 0) return;
    this.touched = true;
    // What checking and sending need is fetched now, while the line is there.
    const fetched = later();
    session.undo = null;
    session.errors = [];
    const selection = this.#selection;
    const ask = (archive: string, attempt: number) => this.#askPassword(archive, attempt);
    try {
      const [added] = await Promise.all([selection.add(files, unreadable, ask), fetched]);
      if (selection === this.#selection) this.#report(added);
    } catch (error) {
      // Reset while files were being looked at ends in an abort, which is no failure.
      if (selection === this.#selection) session.fail(error);
    }
  }

  #report(added: Addition): void {
    const limits = session.invitation?.limits ?? { max_bytes: 0, max_studies: 0 };
    session.errors = this.errors.map((obstacle) => obstacleSentence(obstacle, this.totals, limits));
    const found = t('sender.found.images', { count: added.instances });
    const studies = t('sender.found.studies', {
      count: this.state.patients.flatMap((one) => one.studies).length,
    });
    const documents = t('sender.found.documents', { count: added.documents });
    session.announce(t('sender.found.announcement', { images: found, studies, documents }));
  }

  #askPassword(archive: string, attempt: number): Promise<string | null> {
    return new Promise((resolve) => {
      this.question = {
        archive,
        attempt,
        answer: (password) => {
          this.question = null;
          resolve(password);
        },
      };
    });
  }
}

function judged(patient: Patient): Judgement | null {
  const { nameInImages, birthDate, sex } = patient;
  return session.judge?.({ patient_name: nameInImages, birth_date: birthDate, sex }) ?? null;
}

export const choice = new Choice();
