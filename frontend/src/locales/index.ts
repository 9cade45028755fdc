/**
 * The message catalogue: every text that a person reads comes from here.
 *
 * A message is a sentence with `{placeholders}`, or an object of plural forms chosen by the
 * placeholder `count` with Intl.PluralRules. Each page registers only the parts that it needs
 * (`addMessages`), so that the sender never downloads the texts of the desk.
 */
import type deskMessages from './en/desk.json';
import type errorMessages from './en/errors.json';
import type refusalMessages from './en/refusals.json';
import type senderMessages from './en/sender.json';
import type sendingMessages from './en/sending.json';
import type sharedMessages from './en/shared.json';

export type PluralForms = Partial<Record<Intl.LDMLPluralRule, string>>;
export type Message = string | PluralForms;
export type ErrorKey = keyof typeof errorMessages | keyof typeof refusalMessages;
export type MessageKey =
  | keyof typeof sharedMessages
  | keyof typeof senderMessages
  | keyof typeof sendingMessages
  | keyof typeof deskMessages
  | ErrorKey;
export type Params = Readonly<Record<string, string | number>>;

const catalogue = new Map<string, Message>();
let formats = formatsOf('en-GB');

function formatsOf(locale: string) {
  return {
    plurals: new Intl.PluralRules(locale),
    numbers: new Intl.NumberFormat(locale),
    oneDecimal: new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }),
    longDate: new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' }),
    moment: new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' }),
  };
}

/** Numbers, plurals and dates follow `locale`; at first British English: "4 March 2025", "1,234". */
export function setLocale(locale: string): void {
  formats = formatsOf(locale);
}

/** Adds parts of the catalogue; call it once at the start of a page. */
export function addMessages(...parts: readonly Readonly<Record<string, Message>>[]): void {
  for (const part of parts) for (const [key, message] of Object.entries(part)) catalogue.set(key, message);
}

/** The text of `key` with its placeholders filled in. Throws when key or placeholder is unknown. */
export function t(key: MessageKey, params: Params = {}): string {
  return fill(key, params);
}

/** The sentence for an error code of the server or of this page; unknown codes get a general one. */
export function errorText(code: string, params: Params = {}): string {
  const key = `error.${code}`;
  return catalogue.has(key) ? fill(key, params) : fill('error.unknown', { code });
}

/** The text of a key that may not exist, such as the word for a code found in a file. */
export function textIfKnown(key: string): string | null {
  return catalogue.has(key) ? fill(key, {}) : null;
}

function fill(key: string, params: Params): string {
  const message = catalogue.get(key);
  if (message === undefined) throw new Error(`No message for ${key}`);
  const text = typeof message === 'string' ? message : pluralForm(message, Number(params.count));
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new Error(`Message ${key} lacks ${name}`);
    return typeof value === 'number' ? formats.numbers.format(value) : value;
  });
}

function pluralForm(forms: PluralForms, count: number): string {
  return forms[formats.plurals.select(count)] ?? forms.other ?? forms.many ?? '';
}

/** "1,234" */
export function formatNumber(value: number): string {
  return formats.numbers.format(value);
}

/** Decimal units, as the makers of discs print them: "650 MB", "4.7 GB". */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return t('shared.size.bytes', { count: bytes });
  if (bytes < 999_500) return t('shared.size.kilobytes', { size: Math.round(bytes / 1e3) });
  if (bytes < 999_500_000)
    return t('shared.size.megabytes', { size: formats.oneDecimal.format(bytes / 1e6) });
  return t('shared.size.gigabytes', { size: formats.oneDecimal.format(bytes / 1e9) });
}

/** A DICOM date `YYYYMMDD` (PS3.5 6.2, VR DA) written out: "4 March 1951"; "" when it is none. */
export function formatDicomDate(value: string): string {
  const match = /^(\d{4})[.-]?(\d{2})[.-]?(\d{2})$/.exec(value.trim());
  if (!match) return '';
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const date = new Date(Date.UTC(year, month - 1, day));
  date.setUTCFullYear(year);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? formats.longDate.format(date) : '';
}

/** An ISO time in the reader's own time zone: "4 March 2025 at 14:05". */
export function formatDateTime(iso: string): string {
  return formats.moment.format(new Date(iso));
}
