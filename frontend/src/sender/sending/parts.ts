/** All that `later()` brings, in one piece, with its texts. */
import { addMessages } from '../../locales';
import refusals from '../../locales/en/refusals.json';
import sending from '../../locales/en/sending.json';

addMessages(refusals, sending);

export { default as HelpText } from '../parts/HelpText.svelte';
export { default as StatusPage } from '../status/StatusPage.svelte';
export { default as DonePage } from './DonePage.svelte';
export { default as SendingPage } from './SendingPage.svelte';
export { upload } from './upload.svelte';
