/** All that `later()` brings beside the texts, in one piece: checking, sending, receipt, status and help. */
export { default as PasswordDialog } from '../choose/PasswordDialog.svelte';
export { default as VerifyPanel } from '../choose/VerifyPanel.svelte';
export { default as HelpText } from '../parts/HelpText.svelte';
export { default as StatusPage } from '../status/StatusPage.svelte';
export { default as DonePage } from './DonePage.svelte';
export { default as SendingPage } from './SendingPage.svelte';
export { upload } from './upload.svelte';
