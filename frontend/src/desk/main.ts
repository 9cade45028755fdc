/** Entry of the desk's page. */
import '../styles/index.css';
import './desk.css';
import { mount } from 'svelte';
import { addMessages } from '../locales';
import desk from '../locales/en/desk.json';
import errors from '../locales/en/errors.json';
import refusals from '../locales/en/refusals.json';
import shared from '../locales/en/shared.json';
import App from './App.svelte';

addMessages(shared, errors, refusals, desk);

const target = document.getElementById('app');
if (target) mount(App, { target });
