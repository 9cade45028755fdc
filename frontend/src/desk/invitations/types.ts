/** Invitations as the API sends and takes them. */
import type { SenderKind } from '../types';

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
}

export interface NewInvitation {
  label: string;
  sender_kind: SenderKind;
  valid_days: number;
}
