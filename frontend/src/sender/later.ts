/**
 * What nobody needs before something is chosen: sending, receipt, status, help, and their texts. It is fetched as soon as
 * something is chosen, so that a line that breaks later cannot keep it away, and the first page stays light.
 */
import { addStage } from '../locales/language';
import { ApiError } from '../transfer/api';

type Parts = typeof import('./sending/parts');

/** Under this the browser's tab keeps which receipt it shows. */
export const RECEIPT_KEY = 'importal.receipt';

let loading: Promise<Parts> | null = null;

/** The parts, loaded once; throws ApiError "network" when they cannot be had, and tries again the next time. */
export function later(): Promise<Parts> {
  loading ??= Promise.all([import('./sending/parts'), addStage('later')])
    .then(([parts]) => parts)
    .catch(() => {
      loading = null;
      throw new ApiError('network', 0);
    });
  return loading;
}

/** Whether this tab showed a receipt before it was loaded again. */
export function showedReceipt(): boolean {
  try {
    return sessionStorage.getItem(RECEIPT_KEY) !== null;
  } catch {
    return false;
  }
}
