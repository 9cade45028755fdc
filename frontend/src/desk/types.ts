/** What the desk's part of the HTTP API sends and takes, field by field. */
import type { Comparison } from '../identity/comparison';
import type { Verdict } from '../identity/verdict';
import type { Consent, Expected } from './study/expected';
import type { HeldItem } from './study/held';

export type StudyState =
  | 'received'
  | 'inspected'
  | 'quarantined'
  | 'reconciled'
  | 'rejected'
  | 'delivered'
  | 'committed'
  | 'purged'
  | 'withdrawn'
  | 'expired';

export const STUDY_STATES: readonly StudyState[] = [
  'received',
  'inspected',
  'quarantined',
  'reconciled',
  'delivered',
  'committed',
  'rejected',
  'withdrawn',
  'expired',
  'purged',
];

export type SenderKind = 'patient' | 'referring_physician';
export type Sex = 'M' | 'F' | 'O' | '';
export type { Comparison } from '../identity/comparison';
export type Commitment = 'none' | 'pending' | 'confirmed' | 'failed';
export type RejectionReason = 'wrong_patient' | 'not_requested' | 'unreadable' | 'duplicate' | 'other';

export const REJECTION_REASONS: readonly RejectionReason[] = [
  'wrong_patient',
  'not_requested',
  'unreadable',
  'duplicate',
  'other',
];

export interface Session {
  username: string;
  display_name: string;
  institution: { name: string; phone: string; email: string };
}

export interface Contact {
  email: string;
  phone: string;
}

export interface StudyRow {
  id: string;
  state: StudyState;
  quarantine_reason?: string | null;
  /** DICOM person name, component groups divided by "=". */
  patient_name: string;
  /** YYYYMMDD, or whatever the source wrote, or "". */
  birth_date: string;
  sex: string;
  study_date: string;
  description: string;
  modalities: string[];
  instances: number;
  documents: number;
  waiting_since: string;
  /** It names nobody, and no local person may be written into it. */
  is_deidentified: boolean;
  /** Whether the patient is the expected one; null where nobody is expected. */
  verdict?: Verdict | null;
}

export interface UploadCounts {
  studies: number;
  instances: number;
  documents: number;
  refused: number;
}

export interface UploadSource {
  reference: string;
  sender_kind: SenderKind;
  code: string;
  submitted_at: string;
  contact: Contact;
}

export interface Upload extends UploadSource {
  submission_id: string;
  label: string;
  counts: UploadCounts;
  studies: StudyRow[];
}

export interface InboxPage {
  uploads: Upload[];
  next_cursor: string | null;
}

export interface Series {
  id: string;
  number: string;
  modality: string;
  description: string;
  body_part: string;
  instances: number;
  thumbnail: string | null;
}

export interface StudyDocument {
  id: string;
  name: string;
  media_type: string;
  size: number;
  /** Becomes a DICOM object and goes to the PACS; otherwise it stays at the desk. */
  deliverable: boolean;
  /** The code of why it stays at the desk, or empty. */
  note: string;
  url: string;
}

export interface RefusedFile {
  name: string;
  code: string;
}

export interface LocalPatient {
  patient_id: string;
  issuer_of_patient_id: string;
  patient_name: string;
  birth_date: string;
  sex: string;
}

export interface OrderChoice {
  accession_number: string;
  requested_procedure_id: string;
}

export interface Reconciliation {
  local_patient: LocalPatient;
  order: OrderChoice | null;
  by: string;
  at: string;
}

export interface Rejection {
  reason: RejectionReason;
  note: string;
  by: string;
  at: string;
}

export interface DeliveryAttempt {
  number: number;
  started_at: string;
  ended_at: string | null;
  outcome: string | null;
  delivered: number;
  error_code: string | null;
}

export interface RefusedInstance {
  sop_instance_uid: string;
  code: string;
  /** Status of the C-STORE response (PS3.7 Annex C). */
  status: number;
}

export interface Delivery {
  destination: string;
  delivered: number;
  total: number;
  failed: number;
  /** Taken by the PACS with a remark. */
  warnings: number;
  /** Images whose texts were rewritten in UTF-8 for the local name. */
  reencoded: number;
  /** Not more than the first hundred. */
  refused: RefusedInstance[];
  commitment: Commitment;
  commitment_code: string | null;
  attempts: DeliveryAttempt[];
}

export interface HistoryEntry {
  at: string;
  actor: string;
  action: string;
  params: Record<string, string | number>;
}

/** In a row "documents" is how many there are, in a detail it is the documents themselves. */
export interface StudyDetail extends Omit<StudyRow, 'documents'> {
  study_instance_uid: string;
  patient_pseudonym: string;
  accession_pseudonym: string;
  institution_name: string;
  comment: string;
  expected: Expected | null;
  consent: Consent | null;
  upload: UploadSource;
  series: Series[];
  documents: StudyDocument[];
  held: HeldItem[];
  refused: RefusedFile[];
  /** What was mended on arrival, and what is more than a picture, each with the number of objects. */
  repairs: { code: string; instances: number }[];
  contents: { kind: string; instances: number }[];
  with_original_numbers: number;
  reconciliation: Reconciliation | null;
  rejection: Rejection | null;
  delivery: Delivery | null;
  history: HistoryEntry[];
  can: { reconcile: boolean; decide_holds: boolean; reject: boolean; retry_delivery: boolean };
}

export interface Order {
  accession_number: string;
  study_date: string;
  study_description: string;
  modality: string;
  study_instance_uid: string;
}

export interface PatientComparison {
  name: Comparison;
  birth_date: Comparison;
  sex: Comparison;
}

export interface Candidate extends LocalPatient {
  orders: Order[];
  /** Given where the server knows which study is meant. */
  comparison?: PatientComparison | null;
}

export interface Candidates {
  candidates: Candidate[];
  lookup_available: boolean;
}
