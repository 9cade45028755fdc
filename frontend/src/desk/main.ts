/** Entry of the desk's page. */
import '../styles/index.css';
import './desk.css';
import { mount } from 'svelte';
import { addMessages } from '../locales';
import desk from '../locales/en/desk.json';
import errors from '../locales/en/errors.json';
import shared from '../locales/en/shared.json';
import App from './App.svelte';

addMessages(shared, errors, desk);

const target = document.getElementById('app');
if (target) mount(App, { target });
