/**
 * Renews the PO files after the English texts changed: new messages come in without a text, messages whose English text
 * changed are marked as fuzzy, messages that are gone go. With a folder of JSON files ({key: message}, <language>/<part>.json)
 * the texts found there are taken over.
 * Usage: node tools/write-po.mjs [folder]
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { po } from 'gettext-parser';
import { englishOf, GETTEXT_FORMS, PARTS, poOf, readPo } from './catalogues.mjs';

const PLURAL_FORMS = {
  2: 'nplurals=2; plural=(n != 1);',
  3: 'nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);',
  6: 'nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);',
};
/** Where the rule is not that of its number of forms. */
const OWN_RULE = {
  fr: 'nplurals=2; plural=(n > 1);',
  uk: 'nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);',
};

function renewed(language, part, given) {
  const forms = GETTEXT_FORMS[language];
  const old = readPo(poOf(language, part), forms);
  const translations = {};
  for (const [key, source] of Object.entries(englishOf(part))) {
    const isPlural = typeof source !== 'string';
    const before = old.get(key);
    const message = given[key] ?? before?.message ?? '';
    const isStale =
      !(key in given) &&
      before &&
      JSON.stringify(before.source) !==
        JSON.stringify(isPlural ? { one: source.one, other: source.other } : source);
    const entry = {
      msgctxt: key,
      msgid: isPlural ? source.one : source,
      msgstr: isPlural ? forms.map((form) => message[form] ?? message.other ?? '') : [message],
      ...(isPlural ? { msgid_plural: source.other } : {}),
      ...(isStale || before?.isFuzzy ? { comments: { flag: 'fuzzy' } } : {}),
    };
    translations[key] = { [entry.msgid]: entry };
  }
  const headers = {
    'Content-Type': 'text/plain; charset=UTF-8',
    'Content-Transfer-Encoding': '8bit',
    Language: language,
    'Plural-Forms': OWN_RULE[language] ?? PLURAL_FORMS[forms.length],
  };
  return po.compile({ charset: 'utf-8', headers, translations }, { foldLength: 110 });
}

/** Every text of a folder; in which part a message stands does not matter. */
function givenIn(path) {
  if (!existsSync(path)) return {};
  const names = readdirSync(path).filter((name) => name.endsWith('.json'));
  return Object.assign({}, ...names.map((name) => JSON.parse(readFileSync(join(path, name), 'utf8'))));
}

const folder = process.argv[2];
for (const language of Object.keys(GETTEXT_FORMS)) {
  const given = folder ? givenIn(join(folder, language)) : {};
  for (const part of PARTS) {
    if (Object.keys(given).length === 0 && !poOf(language, part)) continue;
    const target = fileURLToPath(
      new URL(`../../src/importal/locales/${language}/${part}.po`, import.meta.url),
    );
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, `${renewed(language, part, given)}\n`.replace(/\n+$/, '\n'));
  }
}
