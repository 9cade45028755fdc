/** Entry of the sender's page. */
import '../styles/index.css';
import './sender.css';
import { mount } from 'svelte';
import { addMessages } from '../locales';
import errors from '../locales/en/errors.json';
import sender from '../locales/en/sender.json';
import shared from '../locales/en/shared.json';
import App from './App.svelte';

addMessages(shared, errors, sender);

const target = document.getElementById('app');
// An old browser, that cannot read this, keeps the way to the plain form.
document.getElementById('without-app')?.remove();
if (target) mount(App, { target });
