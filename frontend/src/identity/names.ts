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

/** The words of a name component; apostrophes do not divide, titles go. */
export function words(text: string): string[] {
  const found = text.normalize('NFC').replace(APOSTROPHES, '').match(WORD) ?? [];
  return found.filter((word) => !TITLES.has(plainFold(word)));
}

/** The alphabetic, ideographic and phonetic group of a person name. */
export function nameGroups(name: string): [string, string, string] {
  const [alphabetic = '', ideographic = '', phonetic = ''] = name.replaceAll('\0', '').split('=');
  return [alphabetic.trim(), ideographic.trim(), phonetic.trim()];
}

/** The words of the family name, and those of given and middle names; prefix and suffix go. */
export function nameParts(group: string): [string[], string[]] {
  if (group.includes('^')) {
    const [family = '', given = '', middle = ''] = group.split('^');
    return [words(family), words(`${given} ${middle}`)];
  }
  const comma = group.indexOf(',');
  return comma < 0 ? [words(group), []] : [words(group.slice(0, comma)), words(group.slice(comma + 1))];
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
