/**
 * Folding person names, so that writings of one name meet (DICOM PS3.5 section 6.2, PN). The server folds in the
 * same ways (`studies/names.py`); the cases of `tests/cases/identity.json` hold for both.
 */

const EXPANDED: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', å: 'aa', ø: 'oe' };
const LIGATURES: Record<string, string> = {
  ...{ ß: 'ss', æ: 'ae', œ: 'oe', þ: 'th', ð: 'd', đ: 'd', ł: 'l', ı: 'i', ħ: 'h' },
};
const PLAIN: Record<string, string> = { ...LIGATURES, ø: 'o' };
const UMLAUTS: Record<string, string> = { ...LIGATURES, ...EXPANDED };
/** Spelled as passports do (ICAO Doc 9303-3), then Greek as in ELOT 743; "_" is written as nothing. */
const LATIN: Record<string, string> = {
  ...table(
    'абвгдезийклмнопрстуфхцчшщъыьэюяёіїєґж',
    'a b v g d e z i i k l m n o p r s t u f kh ts ch sh shch _ y _ e iu ia e i i ie g zh',
  ),
  ...table('αβγδεζηθικλμνξοπρσςτυφχψω', 'a v g d e z i th i k l m n x o p r s s t y f ch ps o'),
};
const TITLES = new Set(['dr', 'prof', 'med']);
const WORD = /[\p{L}\p{N}\p{No}]+/gu;
/** A sign stands where a letter was lost on the way through a character set that has none. */
const WORD_WITH_LOSSES = /[\p{L}\p{N}?\ufffd]+/gu;
const LOSS = '\ufffd';
/** Signs that stand for one lost letter: one for the letter, or one for each of its bytes. */
const SIGNS = [1, 2, 3];
/** What bytes from 0x80 to 0x9F look like in Windows' Western character set, for which many take Latin-1. */
const WINDOWS = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
const APOSTROPHES = /['’`´ʼ]/g;
const SHORT: Record<string, string> = {
  ...{ ae: 'a', oe: 'o', ue: 'u', aa: 'a', ou: 'o', uu: 'u', oo: 'o', ss: 's' },
};

function table(letters: string, spellings: string): Record<string, string> {
  const written = spellings.split(' ').map((one) => (one === '_' ? '' : one));
  return Object.fromEntries([...letters].map((letter, at) => [letter, written[at] ?? '']));
}

/** In lower case without accents: Müller → muller. */
export function plainFold(text: string): string {
  return stripped(translated(composed(text), PLAIN));
}

/** In lower case with umlauts written out: Müller → mueller. */
export function expandedFold(text: string): string {
  return stripped(translated(composed(text), UMLAUTS));
}

/** In Latin letters, where Cyrillic or Greek ones stood. */
export function latinFold(text: string): string {
  // ELOT 743: the two letters make one sound.
  return translated(expandedFold(text).replaceAll('ου', 'ou'), LATIN);
}

/** The loosest folding: long vowels short, digraphs single: Mueller → muler, Satou → sato. */
export function collapsedFold(text: string): string {
  const short = latinFold(text).replace(/ae|oe|ue|aa|ou|uu|oo|ss/g, (found) => SHORT[found] ?? found);
  return short.replace(/(.)\1/gu, '$1');
}

/** A folding in which the ways to romanise one name meet: Юлия, Yulia, Iuliia → iulia. */
export function soundingFold(text: string): string {
  return collapsedFold(text).replace(/[yj]/g, 'i').replaceAll('kh', 'h').replace(/(.)\1/gu, '$1');
}

/** Whether a word has letters that are romanised here. */
export function isOfAnotherScript(text: string): boolean {
  return latinFold(text) !== expandedFold(text);
}

/** Whether a word is another whose letters beyond ASCII were lost, with signs for them: M?LLER, Müller. */
export function fitsLosses(lossy: string, whole: string): boolean {
  const [signed, letters] = [lossy.toLowerCase().replaceAll('?', LOSS), [...whole.toLowerCase()]];
  if (!signed.includes(LOSS) || letters.every(isAscii)) return false;
  if (letters.some((letter) => letter === LOSS || letter === '?')) return false;
  return SIGNS.some((signs) => fits(signed, letters, LOSS.repeat(signs)));
}

function fits(signed: string, letters: readonly string[], loss: string): boolean {
  let at = 0;
  for (const letter of letters) {
    const step = isAscii(letter) || signed.startsWith(letter, at) ? letter : loss;
    if (!signed.startsWith(step, at)) return false;
    at += step.length;
  }
  return at === signed.length;
}

function isAscii(letter: string): boolean {
  return letter <= '\x7f';
}

/** The words of a name component; apostrophes do not divide, titles go. */
export function words(text: string, word: RegExp = WORD): string[] {
  const found = text.normalize('NFC').replace(APOSTROPHES, '').match(word) ?? [];
  return found.filter((one) => /[\p{L}\p{N}]/u.test(one) && !TITLES.has(plainFold(one)));
}

/** The alphabetic, ideographic and phonetic group of a person name. */
export function nameGroups(name: string): [string, string, string] {
  const groups = name.replaceAll('\0', '').split('=').map(repaired);
  const [alphabetic = '', ideographic = '', phonetic = ''] = groups;
  return [alphabetic.trim(), ideographic.trim(), phonetic.trim()];
}

/** The words of the family name, and those of given and middle names; prefix and suffix go. */
export function nameParts(group: string): [string[], string[]] {
  if (group.includes('^')) {
    const [family = '', given = '', middle = ''] = group.split('^');
    return [words(family, WORD_WITH_LOSSES), words(`${given} ${middle}`, WORD_WITH_LOSSES)];
  }
  const comma = group.indexOf(',');
  const [family, given] = comma < 0 ? [group, ''] : [group.slice(0, comma), group.slice(comma + 1)];
  return [words(family, WORD_WITH_LOSSES), words(given, WORD_WITH_LOSSES)];
}

/** What was meant where UTF-8 was read as Latin-1: MÃ¼ller → Müller. */
function repaired(group: string): string {
  const codes = [...group].map((letter) => {
    const at = WINDOWS.indexOf(letter);
    return at < 0 ? (letter.codePointAt(0) ?? 0) : 0x80 + at;
  });
  if (codes.every((code) => code < 0x80) || codes.some((code) => code > 0xff)) return group;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(codes));
  } catch {
    return group;
  }
}

/** Case folding, which lower case alone is not: σ at the end of a word, ß and iota below are one with their capitals. */
function composed(text: string): string {
  const folded = text.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase();
  return folded.replaceAll('ς', 'σ').replaceAll('ı', 'i');
}

function translated(text: string, letters: Record<string, string>): string {
  return [...text].map((letter) => letters[letter] ?? letter).join('');
}

/** й and ё are letters of their own; taken apart they would lose what tells them from и and е. */
function stripped(text: string): string {
  const parts = [...text].map((letter) => {
    const apart = letter.normalize('NFD');
    return /^[\p{Script=Latin}\p{Script=Greek}]/u.test(apart) ? (apart[0] ?? '') : letter;
  });
  return parts.join('').replace(/\p{M}/gu, '').normalize('NFC');
}
