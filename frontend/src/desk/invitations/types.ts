/** Invitations as the API sends and takes them. */
import type { SenderKind } from '../types';

export interface Invitation {
  id?: string;
  label: string;
  sender_kind: SenderKind;
  created_at?: string;
  expires_at: string;
  state?: string;
  uses?: number;
}

export interface NewInvitation {
  label: string;
  sender_kind: SenderKind;
  valid_days: number;
}

export interface CreatedInvitation {
  code: string;
  link: string;
  expires_at: string;
}
