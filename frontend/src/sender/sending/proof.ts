/**
 * The receipt survives a reload of the page: the browser's tab keeps which submission it was and what its
 * studies were called, never whose they are; everything else is asked of the server again.
 */
import type { Api } from '../../transfer/api';
import type { Receipt } from '../../transfer/messages';
import type { FailedFile } from '../../transfer/progress';
import { RECEIPT_KEY } from '../later';

export interface ReceivedProof {
  receipt: Receipt;
  /** Names of studies by their UID; paths of files by their number: none after a reload. */
  studies: Readonly<Record<string, string>>;
  paths: ReadonlyMap<number, string>;
  failures: readonly FailedFile[];
  /** Exactly these files were handed over at an earlier time. */
  isRepeated: boolean;
}

export function keepProof(submissionId: string, studies: ReceivedProof['studies']): void {
  try {
    sessionStorage.setItem(RECEIPT_KEY, JSON.stringify({ submissionId, studies }));
  } catch {
    // Without storage the receipt is gone after a reload; the upload is not.
    return;
  }
}

export function forgetProof(): void {
  try {
    sessionStorage.removeItem(RECEIPT_KEY);
  } catch {
    return;
  }
}

/** The receipt that this tab showed last, when it belongs to the invitation that is open now. */
export async function fetchProof(api: Api): Promise<ReceivedProof | null> {
  try {
    const kept = JSON.parse(sessionStorage.getItem(RECEIPT_KEY) ?? 'null');
    if (typeof kept?.submissionId !== 'string') return null;
    const receipt = await api.receipt(kept.submissionId);
    const studies = kept.studies ?? {};
    return receipt ? { receipt, studies, paths: new Map(), failures: [], isRepeated: false } : null;
  } catch {
    return null;
  }
}
