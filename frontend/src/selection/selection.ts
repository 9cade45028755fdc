/**
 * Everything the sender has chosen, and what was decided about it. Files may be added again and again;
 * each change gives a new state to the listener. Knows nothing of pages or of the network.
 */
import type { Judgement, Verdict } from '../identity/verdict';
import type { AskPassword } from './archive';
import { type Patient, PatientTree, type Study } from './grouping';
import { type LeftOut, leftOutEntry } from './left-out';
import { type FoundDocument, scan } from './scan';
import type { SourceFile } from './source';

export interface DocumentItem extends FoundDocument {
  id: string;
  /** The study it was added to; null while it waits for a decision. */
  studyId: string | null;
  /** Linked because there was nothing to choose from. */
  automatic: boolean;
}

/** A patient, and what comparing with the expected one gave; null where nobody is expected. */
export interface JudgedPatient extends Patient {
  judgement: Judgement | null;
}

/** What the sender said of a patient: an answer to the question that was asked then, and to no other. */
export interface PatientAnswer {
  isChosen: boolean;
  verdict: Verdict | null;
}

export interface SelectionState {
  patients: readonly JudgedPatient[];
  documents: readonly DocumentItem[];
  damaged: readonly SourceFile[];
  leftOut: readonly LeftOut[];
  answers: ReadonlyMap<string, PatientAnswer>;
  omittedStudies: ReadonlySet<string>;
  scanning: { done: number; total: number } | null;
}

export const EMPTY_SELECTION: SelectionState = {
  patients: [],
  documents: [],
  damaged: [],
  leftOut: [],
  answers: new Map(),
  omittedStudies: new Set(),
  scanning: null,
};

/** What one addition brought, for the message to the sender. */
export interface Addition {
  instances: number;
  documents: number;
  leftOut: number;
}

export class Selection {
  #state: SelectionState = EMPTY_SELECTION;
  readonly #tree = new PatientTree();
  readonly #known = new Set<string>();
  readonly #stop = new AbortController();
  #waiting: Promise<unknown> = Promise.resolve();
  #additions = 0;

  constructor(
    private readonly listener: (state: SelectionState) => void,
    private readonly judge: (patient: Patient) => Judgement | null = () => null,
  ) {}

  get state(): SelectionState {
    return this.#state;
  }

  /** Scans and adds files, one addition after the other. */
  add(files: readonly SourceFile[], unreadable: readonly string[], ask: AskPassword): Promise<Addition> {
    const next = this.#waiting.then(() => this.#add(files, unreadable, ask));
    this.#additions += 1;
    this.#waiting = next.catch(() => undefined).finally(() => (this.#additions -= 1));
    return next;
  }

  /** Something that was added has not been looked at completely. */
  get isScanning(): boolean {
    return this.#additions > 0;
  }

  /** Ends scanning; the state stays as it is. */
  stop(): void {
    this.#stop.abort();
  }

  choosePatient(id: string, chosen: boolean): void {
    const patient = this.#state.patients.find((one) => one.id === id);
    const answer = { isChosen: chosen, verdict: patient?.judgement?.verdict ?? null };
    this.#change({ answers: new Map(this.#state.answers).set(id, answer) });
  }

  omitStudy(id: string, omitted: boolean): void {
    this.#change({ omittedStudies: changed(this.#state.omittedStudies, id, omitted) });
  }

  /** Moves documents into a study, or back to those without one. */
  assignDocuments(ids: ReadonlySet<string>, studyId: string | null): void {
    const documents = this.#state.documents.map((one) =>
      ids.has(one.id) ? { ...one, studyId, automatic: false } : one,
    );
    this.#change({ documents });
  }

  /** Removes documents and returns them, so that `restoreDocuments` can undo it. */
  removeDocuments(ids: ReadonlySet<string>): DocumentItem[] {
    const removed = this.#state.documents.filter((one) => ids.has(one.id));
    for (const { file } of removed) this.#known.delete(keyOf(file));
    this.#change({ documents: this.#state.documents.filter((one) => !ids.has(one.id)) });
    return removed;
  }

  restoreDocuments(removed: readonly DocumentItem[]): void {
    for (const { file } of removed) this.#known.add(keyOf(file));
    this.#change({ documents: [...this.#state.documents, ...removed] });
  }

  async #add(
    files: readonly SourceFile[],
    unreadable: readonly string[],
    ask: AskPassword,
  ): Promise<Addition> {
    const fresh = files.filter((file) => !this.#known.has(keyOf(file)));
    const repeated = files.filter((file) => this.#known.has(keyOf(file)));
    for (const file of fresh) this.#known.add(keyOf(file));
    let instances = 0;
    const listener = {
      instances: (found: Parameters<PatientTree['add']>[0][]) => {
        instances += found.length;
        for (const instance of found) this.#tree.add(instance);
      },
      progress: (done: number, total: number) =>
        this.#change({ patients: this.#patients(), scanning: { done, total } }),
    };
    this.#change({ scanning: { done: 0, total: fresh.length } });
    try {
      const result = await scan(fresh, listener, { ask, signal: this.#stop.signal });
      const leftOut: LeftOut[] = [
        ...result.leftOut,
        ...repeated.map((file) => leftOutEntry(file, 'duplicate')),
        ...unreadable.map((path): LeftOut => ({ path, size: 0, reason: 'folder_unreadable' })),
      ];
      this.#change({
        documents: [...this.#state.documents, ...result.documents.map(toDocument)],
        damaged: [...this.#state.damaged, ...result.damaged],
        leftOut: [...this.#state.leftOut, ...leftOut],
      });
      return { instances, documents: result.documents.length, leftOut: leftOut.length };
    } finally {
      this.#change({ patients: this.#patients(), scanning: null });
    }
  }

  #patients(): JudgedPatient[] {
    return this.#tree.patients().map((patient) => ({ ...patient, judgement: this.judge(patient) }));
  }

  #change(part: Partial<SelectionState>): void {
    this.#state = linkAutomatically({ ...this.#state, ...part });
    this.listener(this.#state);
  }
}

let lastDocument = 0;

function toDocument(found: FoundDocument): DocumentItem {
  lastDocument += 1;
  return { ...found, id: `document-${lastDocument}`, studyId: null, automatic: false };
}

function keyOf(file: SourceFile): string {
  return `${file.size}\n${file.path}`;
}

function changed(set: ReadonlySet<string>, id: string, present: boolean): Set<string> {
  const copy = new Set(set);
  if (present) copy.add(id);
  else copy.delete(id);
  return copy;
}

/**
 * Patients whose images will be sent. Chosen unasked are only the expected one and, where nobody is expected, the
 * only one; about all others the sender has to say so.
 */
export function includedPatients(state: SelectionState): readonly JudgedPatient[] {
  return state.patients.filter((patient) => {
    const answer = answerOn(state, patient);
    if (answer) return answer.isChosen;
    return patient.judgement ? patient.judgement.verdict === 'matches' : state.patients.length === 1;
  });
}

/** What the sender answered; void where the images say something else of the patient since. */
export function answerOn(state: SelectionState, patient: JudgedPatient): PatientAnswer | null {
  const answer = state.answers.get(patient.id);
  return answer && answer.verdict === (patient.judgement?.verdict ?? null) ? answer : null;
}

export function includedStudies(state: SelectionState): Study[] {
  return includedPatients(state).flatMap((patient) =>
    patient.studies.filter((study) => !state.omittedStudies.has(study.id)),
  );
}

/**
 * With a single study, documents belong to it without asking. Such a link is taken back when the images of
 * another person join: then only the sender can know whose document it is.
 */
function linkAutomatically(state: SelectionState): SelectionState {
  if (state.scanning || state.documents.length === 0) return state;
  const studies = includedStudies(state);
  const only = studies.length === 1 ? studies[0] : undefined;
  const mixed = includedPatients(state).length > 1;
  const documents = state.documents.map((one) => {
    if (only && one.studyId === null) return { ...one, studyId: only.id, automatic: true };
    return mixed && one.automatic ? { ...one, studyId: null, automatic: false } : one;
  });
  return { ...state, documents };
}
