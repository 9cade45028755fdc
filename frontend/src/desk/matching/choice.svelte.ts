/**
 * What the clerk has chosen so far: the local patient, then the order, then the confirmation of differences.
 *
 * Nothing is ever chosen in advance: whose images these are is a person's decision.
 */
import { comparePatients, fieldsToConfirm, isComplete, likeness } from '../compare';
import { composeName } from '../names';
import type { Candidate, LocalPatient, OrderChoice, PatientComparison, StudyDetail } from '../types';

export type Way = 'suggested' | 'search' | 'by_hand';
export type OrderWay = '' | 'listed' | 'by_hand' | 'none';

const NO_HAND = { patient_id: '', issuer_of_patient_id: '', family: '', given: '', birth_date: '', sex: '' };

/** One person per Patient ID and issuer; neither alone says who somebody is. */
export function identityOf(patient: LocalPatient): string {
  return JSON.stringify([patient.patient_id, patient.issuer_of_patient_id]);
}

/** Candidates compared with the study's patient, the most alike first. */
export function ranked(study: StudyDetail, candidates: readonly Candidate[]): Candidate[] {
  return candidates
    .map((candidate) => ({
      candidate,
      points: likeness(candidate.comparison ?? comparePatients(study, candidate)),
    }))
    .sort((left, right) => right.points - left.points)
    .map(({ candidate }) => candidate);
}

export class Choice {
  way = $state<Way>('suggested');
  picked = $state.raw<Candidate | null>(null);
  hand = $state({ ...NO_HAND });
  orderWay = $state<OrderWay>('');
  listedOrder = $state('');
  typedOrder = $state('');
  confirmed = $state(false);
  readonly #study: () => StudyDetail;

  constructor(study: () => StudyDetail) {
    this.#study = study;
  }

  patient = $derived.by((): LocalPatient | null => {
    if (this.way !== 'by_hand') return this.picked === null ? null : identifying(this.picked);
    const { patient_id, issuer_of_patient_id, birth_date, sex } = this.hand;
    return {
      patient_id: patient_id.trim(),
      issuer_of_patient_id: issuer_of_patient_id.trim(),
      patient_name: composeName(this.hand.family, this.hand.given),
      birth_date,
      sex,
    };
  });

  comparison = $derived.by((): PatientComparison | null => {
    if (this.patient === null) return null;
    if (this.way !== 'by_hand' && this.picked?.comparison) return this.picked.comparison;
    return comparePatients(this.#study(), this.patient);
  });

  toConfirm = $derived(this.comparison === null ? [] : fieldsToConfirm(this.comparison));

  order = $derived.by((): OrderChoice | null => {
    const numbers = {
      '': null,
      listed: this.listedOrder,
      by_hand: this.typedOrder.trim(),
      none: '',
    } as const;
    const accession_number = numbers[this.orderWay];
    if (accession_number === null) return null;
    if (accession_number === '' && this.orderWay !== 'none') return null;
    return { accession_number, requested_procedure_id: '' };
  });

  patientReady = $derived(this.patient !== null && isComplete(this.patient));
  ready = $derived(
    this.patientReady && this.order !== null && (this.toConfirm.length === 0 || this.confirmed),
  );

  turnTo(way: Way): void {
    if (way === this.way) return;
    this.way = way;
    this.picked = null;
    this.forgetOrder();
  }

  pick(candidate: Candidate): void {
    this.picked = candidate;
    this.forgetOrder();
  }

  /** Another patient: neither the order nor the confirmation of the former one may stay. */
  forgetOrder(): void {
    this.orderWay = '';
    this.listedOrder = '';
    this.confirmed = false;
  }

  pickOrder(accessionNumber: string): void {
    this.orderWay = 'listed';
    this.listedOrder = accessionNumber;
  }
}

function identifying(candidate: Candidate): LocalPatient {
  const { patient_id, issuer_of_patient_id, patient_name, birth_date, sex } = candidate;
  return { patient_id, issuer_of_patient_id, patient_name, birth_date, sex };
}
