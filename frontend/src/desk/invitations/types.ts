/** Invitations as the API sends and takes them. */
import type { Person } from '../../identity/verdict';
import type { SenderKind } from '../types';

/** Whom the hospital expects, and what for; each may be empty. */
export interface Expectation extends Person {
  asked_for: string;
}

export interface Invitation {
  id: string;
  label: string;
  code: string;
  link: string;
  sender_kind: SenderKind;
  created_at: string;
  expires_at: string;
  /** Neither expired nor revoked. */
  is_open: boolean;
  /** What comes is made anonymous. */
  deidentified: boolean;
  expected: Expectation;
  /** The sender has to know the birth date beside the code. */
  asks_birth_date: boolean;
  /** Wrong birth dates have shut the code until then. */
  shut_until: string | null;
}

export interface InvitationList {
  invitations: Invitation[];
  /** What the hospital has chosen for new ones. */
  deidentified_by_default: boolean;
}

export interface NewInvitation {
  label: string;
  sender_kind: SenderKind;
  valid_days: number;
  deidentified: boolean;
  expected: Expectation;
  asks_birth_date: boolean;
}
