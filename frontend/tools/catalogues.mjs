/**
 * Catalogues of the sender's page: English stands in `src/locales/en/*.json`, every other language in PO files that the
 * server reads, too (`src/importal/locales/<language>/<part>.po`). In a PO file `msgctxt` is the key, `msgid` the English
 * text that was translated, and the forms follow the plural categories of CLDR in the order of GETTEXT_FORMS.
 *
 * As a plugin of the build it makes one module per language and stage; `virtual:catalogues` names them all.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { po } from 'gettext-parser';

/** What is loaded with the page, and what after something was chosen. */
export const STAGES = { first: ['shared', 'errors', 'sender'], later: ['refusals', 'sending'] };
export const PARTS = Object.values(STAGES).flat();
/** The languages beside English, and what the plural forms of their PO files stand for. */
export const GETTEXT_FORMS = {
  de: ['one', 'other'],
  fr: ['one', 'other'],
  nl: ['one', 'other'],
  it: ['one', 'other'],
  es: ['one', 'other'],
  pl: ['one', 'few', 'many'],
  tr: ['one', 'other'],
  ar: ['zero', 'one', 'two', 'few', 'many', 'other'],
  uk: ['one', 'few', 'many'],
};
const ENGLISH = fileURLToPath(new URL('../src/locales/en', import.meta.url));
const TRANSLATED = fileURLToPath(new URL('../../src/importal/locales', import.meta.url));

/** The languages of the page; each has a folder of PO files, English comes first. */
export function languages() {
  return ['en', ...Object.keys(GETTEXT_FORMS).filter((name) => existsSync(join(TRANSLATED, name)))];
}

export function englishOf(part) {
  return JSON.parse(readFileSync(join(ENGLISH, `${part}.json`), 'utf8'));
}

/** The text of a PO file, or "" where there is none. */
export function poOf(language, part) {
  const path = join(TRANSLATED, language, `${part}.po`);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** The entries of a PO file: {key: {source, message, isFuzzy}}; `message` as the page's catalogue wants it. */
export function readPo(text, forms) {
  const found = new Map();
  for (const entries of Object.values(po.parse(text).translations)) {
    for (const entry of Object.values(entries)) {
      if (!entry.msgctxt) continue;
      const isFuzzy = (entry.comments?.flag ?? '').includes('fuzzy');
      const message = entry.msgid_plural
        ? Object.fromEntries(forms.map((form, place) => [form, entry.msgstr[place] ?? '']))
        : (entry.msgstr[0] ?? '');
      const source = entry.msgid_plural ? { one: entry.msgid, other: entry.msgid_plural } : entry.msgid;
      found.set(entry.msgctxt, { source, message, isFuzzy });
    }
  }
  return found;
}

/** The messages of a stage in a language. */
export function messagesOf(language, stage) {
  const parts = STAGES[stage].map((part) => {
    if (language === 'en') return englishOf(part);
    const entries = readPo(poOf(language, part), GETTEXT_FORMS[language]);
    return Object.fromEntries([...entries].map(([key, { message }]) => [key, message]));
  });
  return Object.assign({}, ...parts);
}

const ALL = 'virtual:catalogues';
const ONE = 'virtual:messages/';

/** The plugin for the build and for the tests. */
export function catalogues() {
  return {
    name: 'catalogues',
    resolveId: (id) => (id === ALL || id.startsWith(ONE) ? `\0${id}` : null),
    load(id) {
      if (id === `\0${ALL}`) return index();
      if (!id.startsWith(`\0${ONE}`)) return null;
      for (const folder of [ENGLISH, TRANSLATED]) {
        for (const name of readdirSync(folder, { recursive: true })) {
          if (/\.(json|po)$/.test(name)) this.addWatchFile(join(folder, name));
        }
      }
      const [stage, language] = id.slice(ONE.length + 1).split('-');
      return `export default ${JSON.stringify(messagesOf(language, stage))}`;
    },
  };
}

function index() {
  const stages = Object.keys(STAGES).map((stage) => {
    const loaders = languages().map((name) => `${name}: () => import('${ONE}${stage}-${name}')`);
    return `${stage}: {${loaders.join(', ')}}`;
  });
  return `export const CATALOGUES = {${stages.join(', ')}}`;
}
