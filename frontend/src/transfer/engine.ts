/**
 * The sender without its page: everything that a page of your own needs to look through what was chosen and to
 * send it. No framework, no state of its own; an example that runs stands in docs/how-to/use-the-client-libraries.md.
 */
export { fingerprintOf } from '../selection/fingerprint';
export { fromDrop, fromInput } from '../selection/gather';
export { plannedFiles, totals } from '../selection/plan';
export { Selection, type SelectionState } from '../selection/selection';
export type { SourceFile } from '../selection/source';
export { Api, ApiError } from './api';
export { BROWSER, type Environment } from './environment';
export { type FoundSubmission, findSubmission } from './joining';
export type { OpenedInvitation, Receipt } from './messages';
export { numberFiles } from './numbering';
export { persistently } from './persist';
export type { MissingFiles, TransferListener, TransferProgress } from './progress';
export { Transfer } from './transfer';
