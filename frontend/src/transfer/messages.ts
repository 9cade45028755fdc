/** What the portal's interface for senders takes and gives, field by field. */
import type { Person, Verdict } from '../identity/verdict';

export interface Institution {
  name: string;
  phone: string;
  email: string;
  hours: string;
  manual_url: string;
  privacy_policy: { version: string; text: string };
  sharing_consent_text: string;
  texts_language: string;
}

export interface OpenSubmission {
  id: string;
  created_at: string;
  announced_files: number;
  confirmed_files: number;
  announced_bytes: number;
  confirmed_bytes: number;
}

export interface OpenedInvitation {
  token: string;
  institution: Institution;
  sender_kind: 'patient' | 'referring_physician';
  limits: { max_bytes: number; max_studies: number };
  expires_at: string;
  /** What is sent is made anonymous on arrival. */
  deidentified: boolean;
  /** Whom the hospital expects, and what for; each may be empty. */
  expected: Person & { asked_for: string };
}

export interface Contact {
  email: string;
  phone: string;
}

export interface StudyWords {
  study_instance_uid: string;
  comment: string;
  /** What the page said of the patient, where one is expected. */
  verdict?: Verdict;
  /** Asked, the sender said that it is the right person. */
  is_confirmed?: boolean;
}

export interface NewSubmission {
  client_key: string;
  consent: { privacy_policy_version: string; privacy_policy: boolean; sharing: boolean; language: string };
  contact: Contact;
  studies: StudyWords[];
}

export interface AnnouncedFile {
  number: number;
  path: string;
  size: number;
  fingerprint: string;
  role: 'instance' | 'document';
  study_instance_uid?: string;
}

export interface FileState {
  number: number;
  fingerprint: string;
  state: 'announced' | 'partial' | 'stored' | 'kept' | 'refused' | 'unpacked';
  received?: [number, number][];
  code?: string;
}

export interface FrameResult {
  file: number;
  offset: number;
  result: 'confirmed' | 'known' | 'refused';
  code?: string;
}

export interface Receipt {
  reference: string;
  submitted_at: string;
  studies: { study_instance_uid: string; instances: number; documents: number }[];
  instances: number;
  /** Instances that were there twice and are kept once. */
  duplicates: number;
  documents: number;
  /** Of the documents: how many stay with the staff and do not go to the image archive. */
  attachments: number;
  refused: { number: number; code: string }[];
}

export type Standing = 'received' | 'being_checked' | 'assigned' | 'archived' | 'not_taken' | 'withdrawn';

export interface StudyStatus {
  study_date: string;
  modalities: string[];
  instances: number;
  documents: number;
  standing: Standing;
  /** Why it was not taken. */
  reason: string | null;
}

/** The record of what the sender took back. */
export interface Deletion {
  at: string;
  studies: number;
  instances: number;
  documents: number;
  /** Nothing of it is kept any more. */
  is_done: boolean;
}

export interface UploadStatus {
  id: string;
  reference: string;
  submitted_at: string;
  /** Empty until they were looked at. */
  studies: StudyStatus[];
  refused: number;
  can_be_withdrawn: boolean;
  deletion: Deletion | null;
}
