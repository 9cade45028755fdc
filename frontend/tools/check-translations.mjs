/**
 * Rule: every language has every message of the sender's page, made from the English text as it stands today, with the
 * same placeholders and all of its plural forms.
 * Usage: node tools/check-translations.mjs
 */
import { pathToFileURL } from 'node:url';
import { englishOf, GETTEXT_FORMS, languages, PARTS, poOf, readPo } from './catalogues.mjs';

/** Complaints about one part: `english` {key: message}, `entries` as `readPo` gives them. */
export function translationComplaints(place, english, entries, forms) {
  const said = Object.entries(english).flatMap(([key, source]) => {
    const entry = entries.get(key);
    return (entry ? entryComplaints(source, entry, forms) : ['is missing']).map((what) => `${key} ${what}`);
  });
  const gone = [...entries.keys()].filter((key) => !(key in english));
  return [...said, ...gone.map((key) => `${key} is not an English message any more`)].map(
    (what) => `${place}: ${what}`,
  );
}

function entryComplaints(source, entry, forms) {
  const isPlural = typeof source !== 'string';
  const texts = isPlural ? forms.map((form) => entry.message[form]) : [entry.message];
  const complaints = [];
  if (JSON.stringify(sourceOf(source)) !== JSON.stringify(entry.source))
    complaints.push('translates another English text');
  if (entry.isFuzzy) complaints.push('is marked as fuzzy');
  if (texts.some((text) => !text)) complaints.push('lacks a text');
  const allowed = placeholders(isPlural ? source.other : source);
  // A plural form such as "one file" may do without the number.
  const needed = [...allowed].filter((name) => !isPlural || name !== 'count');
  return [...complaints, ...texts.flatMap((text) => placeholderComplaints(text ?? '', allowed, needed))];
}

function placeholderComplaints(text, allowed, needed) {
  const used = placeholders(text);
  return [
    ...[...used]
      .filter((name) => !allowed.has(name))
      .map((name) => `names {${name}}, which is not in English`),
    ...needed.filter((name) => !used.has(name)).map((name) => `leaves out {${name}}`),
  ];
}

function sourceOf(message) {
  return typeof message === 'string' ? message : { one: message.one, other: message.other };
}

function placeholders(text) {
  return new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const complaints = languages()
    .filter((language) => language !== 'en')
    .flatMap((language) =>
      PARTS.flatMap((part) => {
        const forms = GETTEXT_FORMS[language];
        return translationComplaints(
          `${language}/${part}.po`,
          englishOf(part),
          readPo(poOf(language, part), forms),
          forms,
        );
      }),
    );
  for (const complaint of complaints) console.error(complaint);
  process.exitCode = complaints.length > 0 ? 1 : 0;
}
