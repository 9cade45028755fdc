/** Entry of the sender's page. */
import '../styles/index.css';
import './sender.css';
import { mount } from 'svelte';
import { beginWithLanguage } from '../locales/language';
import { language } from './language.svelte';
import Page from './Page.svelte';

const target = document.getElementById('app');
if (target)
  void beginWithLanguage().then(() => {
    language.begin();
    mount(Page, { target });
    // An old browser, or one that cannot load this, keeps the way to the plain form.
    document.getElementById('without-app')?.remove();
  });
