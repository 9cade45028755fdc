/**
 * In which language the sender reads the page: what was chosen before, else what the browser asks for, else English.
 * One catalogue is loaded per language and stage; names of languages are written in themselves.
 */
import { CATALOGUES } from 'virtual:catalogues';
import { addMessages, setLocale } from './index';

const NAMES: Readonly<Record<string, string>> = {
  en: 'English',
  de: 'Deutsch',
  fr: 'Français',
  nl: 'Nederlands',
  it: 'Italiano',
  es: 'Español',
  pl: 'Polski',
  tr: 'Türkçe',
  ar: 'العربية',
  uk: 'Українська',
};
/** Dates and numbers: British English; Arabic with the digits that stand on discs and codes. */
const LOCALES: Readonly<Record<string, string>> = { en: 'en-GB', ar: 'ar-u-nu-latn' };
const RIGHT_TO_LEFT = new Set(['ar']);
const KEY = 'importal.language';

export const LANGUAGES = Object.keys(CATALOGUES.first).map((code) => ({ code, name: NAMES[code] ?? code }));

const stages: ('first' | 'later')[] = [];
let turn: Promise<unknown> = Promise.resolve();

/** One after the other: a stage that comes while the language changes must not bring the old one. */
function inTurn(work: () => Promise<void>): Promise<void> {
  const result = turn.then(work);
  turn = result.catch(() => undefined);
  return result;
}

/** Of the languages that a browser asks for ("de-CH") the first one that the page speaks; else English. */
export function bestOf(wanted: readonly string[], spoken: readonly string[]): string {
  const found = wanted
    .map((tag) => tag.toLowerCase().split('-')[0] ?? '')
    .find((code) => spoken.includes(code));
  return found ?? 'en';
}

/** The language that the page is in. */
export function currentLanguage(): string {
  return document.documentElement.lang;
}

/** Loads the first stage in the language to begin with; English when that cannot be had. */
export async function beginWithLanguage(): Promise<void> {
  const codes = LANGUAGES.map(({ code }) => code);
  stages.push('first');
  await show(bestOf([remembered(), ...navigator.languages], codes)).catch(() => show('en'));
}

/** Adds the messages of a later stage, in the language of the page. */
export function addStage(stage: 'later'): Promise<void> {
  return inTurn(async () => {
    if (stages.includes(stage)) return;
    addMessages(await load(stage, currentLanguage()));
    stages.push(stage);
  });
}

/** Changes the language and remembers it; throws when its catalogue cannot be loaded, and then changes nothing. */
export async function changeLanguage(code: string): Promise<void> {
  await inTurn(() => show(code));
  try {
    localStorage.setItem(KEY, code);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

async function show(code: string): Promise<void> {
  const loaded = await Promise.all(stages.map((stage) => load(stage, code)));
  addMessages(...loaded);
  setLocale(LOCALES[code] ?? code);
  document.documentElement.lang = code;
  document.documentElement.dir = RIGHT_TO_LEFT.has(code) ? 'rtl' : 'ltr';
}

async function load(stage: 'first' | 'later', code: string) {
  const loader = CATALOGUES[stage][code];
  if (!loader) throw new Error(`No catalogue for ${code}`);
  return (await loader()).default;
}

function remembered(): string {
  try {
    return localStorage.getItem(KEY) ?? '';
  } catch {
    return '';
  }
}
