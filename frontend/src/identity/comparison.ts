/**
 * Do two descriptions speak of one person? "Same" forgives writing alone, "similar" also order, omitted middle names
 * and one slip of the pen. The server compares by the same rules (`studies/comparison.py`).
 */
import {
  collapsedFold,
  expandedFold,
  fitsLosses,
  isOfAnotherScript,
  latinFold,
  nameGroups,
  nameParts,
  plainFold,
  soundingFold,
  words,
} from './names';

export type Comparison = 'same' | 'similar' | 'different' | 'missing';

/** Shorter words differ too much by one letter: Jan and Jon, Lea and Mea. */
const SLIP_LENGTH = 5;

/** Groups of one script are compared with each other. `mostSlips`: how many slips are forgiven, 0 or 1. */
export function compareNames(left: string, right: string, mostSlips = 1): Comparison {
  const [ours, theirs] = [nameGroups(left), nameGroups(right)];
  const alphabetic = compareAlphabetic(ours[0], theirs[0], mostSlips);
  const ideographic = compareExactly(ours[1], theirs[1]);
  if (alphabetic === 'missing' && ideographic === 'missing') return compareAcross(ours, theirs);
  if (ideographic === 'missing') return alphabetic;
  if (alphabetic === 'missing') return ideographic;
  // Many names sound and are romanised alike; the characters tell them apart.
  if (ideographic === 'different') return 'different';
  return alphabetic === 'same' ? 'same' : 'similar';
}

/** Day and month changed over are similar; so is a date of which the beginning is known. */
export function compareBirthDates(left: string, right: string): Comparison {
  const [ours, theirs] = [digits(left), digits(right)];
  if (!ours || !theirs) return 'missing';
  if (ours === theirs) return 'same';
  if (ours.length === 8 && theirs.length === 8) {
    return ours.slice(0, 4) + ours.slice(6) + ours.slice(4, 6) === theirs ? 'similar' : 'different';
  }
  const [shorter, longer] = ours.length <= theirs.length ? [ours, theirs] : [theirs, ours];
  return [4, 6].includes(shorter.length) && longer.startsWith(shorter) ? 'similar' : 'different';
}

/** Codes of Patient's Sex (0010,0040). */
export function compareSexes(left: string, right: string): Comparison {
  const [ours, theirs] = [left, right].map((value) => value.trim().toUpperCase().slice(0, 1)) as [
    string,
    string,
  ];
  const known = ['M', 'F', 'O'];
  if (!known.includes(ours) || !known.includes(theirs)) return 'missing';
  return ours === theirs ? 'same' : 'different';
}

/** Whether two words are one, written with or without accents and umlauts. */
export function isOneWord(left: string, right: string): boolean {
  const ours = [plainFold(left), expandedFold(left)];
  return ours.includes(plainFold(right)) || ours.includes(expandedFold(right));
}

/** Whether one of two words is the first letter of the other. */
export function isInitialOf(left: string, right: string): boolean {
  const [ours, theirs] = [[...latinFold(left)], [...latinFold(right)]];
  return Math.min(ours.length, theirs.length) === 1 && ours[0] === theirs[0];
}

/** Names that share no group: a name in characters may stand in the first group of the other. */
function compareAcross(ours: readonly string[], theirs: readonly string[]): Comparison {
  const meets = ours.some((left) => theirs.some((right) => compareExactly(left, right) === 'same'));
  return meets ? 'same' : 'missing';
}

function compareExactly(left: string, right: string): Comparison {
  const [ours, theirs] = [left, right].map((group) => words(group.replaceAll('^', ' ')).join('')) as [
    string,
    string,
  ];
  if (!ours || !theirs) return 'missing';
  return plainFold(ours) === plainFold(theirs) ? 'same' : 'different';
}

function compareAlphabetic(left: string, right: string, mostSlips: number): Comparison {
  const [ourFamily, ourGiven] = nameParts(left);
  const [theirFamily, theirGiven] = nameParts(right);
  const ours = [...ourFamily, ...ourGiven];
  const theirs = [...theirFamily, ...theirGiven];
  if (ours.length === 0 || theirs.length === 0) return 'missing';
  const sameFamily = isOneWord(ourFamily.join(''), theirFamily.join(''));
  if (sameFamily && isOneWord(ourGiven.join(''), theirGiven.join(''))) return 'same';
  const divided = [ourFamily, ourGiven, theirFamily, theirGiven].every((part) => part.length > 0);
  if (!divided && isOneWord(ours.join(''), theirs.join(''))) return 'same';
  const theirWays = ways(theirFamily, theirGiven);
  const similar = ways(ourFamily, ourGiven).some((one) =>
    theirWays.some((other) => areSimilar(one, other, mostSlips)),
  );
  return similar ? 'similar' : 'different';
}

/** A word of a name, and the part that it stands in: 0 the family name, 1 the given ones. */
interface Word {
  text: string;
  part: 0 | 1;
}

/** A name with the words of each part apart and in one: Anna-Maria is written Annamaria, too. */
function ways(family: string[], given: string[]): Word[][] {
  const both = (words: string[], part: Word['part']) => {
    const written = words.length < 2 ? [words] : [words, [words.join('')]];
    return written.map((one) => one.map((text): Word => ({ text, part })));
  };
  return both(family, 0).flatMap((one) => both(given, 1).map((other) => [...one, ...other]));
}

/**
 * Whether every word of the shorter name is found in the longer one, two of them in full. Of each name that has two
 * parts, a word of both is among these: García López alone is any of a family.
 */
function areSimilar(ours: readonly Word[], theirs: readonly Word[], mostSlips: number): boolean {
  const [fewer, more] = ours.length <= theirs.length ? [ours, theirs] : [theirs, ours];
  const left = [...more];
  const inFull: [Word, Word][] = [];
  let slips = 0;
  for (const word of [...fewer].sort((one, other) => [...other.text].length - [...one.text].length)) {
    const match = bestMatch(word.text, left);
    if (!match) return false;
    const [other] = left.splice(match.at, 1) as [Word];
    if (match.quality !== 'initial') inFull.push([word, other]);
    if (match.quality === 'slip') slips += 1;
  }
  if (slips > mostSlips) return false;
  if (ours.length === 1 && theirs.length === 1) return inFull.length === 1;
  const covers = (name: readonly Word[], found: readonly Word[]) =>
    name.every(({ part }) => found.some((word) => word.part === part));
  const [ofFewer, ofMore] = [inFull.map(([word]) => word), inFull.map(([, other]) => other)];
  return inFull.length >= 2 && covers(fewer, ofFewer) && covers(more, ofMore);
}

type Match = { at: number; quality: 'same' | 'initial' | 'slip' };

function bestMatch(word: string, others: readonly Word[]): Match | null {
  const tests: [Match['quality'], (other: string) => boolean][] = [
    ['same', (other) => isOneWord(word, other) || isWrittenAlike(word, other)],
    ['initial', (other) => isInitialOf(word, other)],
    ['slip', (other) => isSlip([...latinFold(word)], [...latinFold(other)])],
  ];
  for (const [quality, holds] of tests) {
    const at = others.findIndex(({ text }) => holds(text));
    if (at >= 0) return { at, quality };
  }
  return null;
}

/** Whether two words are one name, written by other habits or with letters lost. */
function isWrittenAlike(left: string, right: string): boolean {
  if (collapsedFold(left) === collapsedFold(right)) return true;
  if (isOfAnotherScript(left) !== isOfAnotherScript(right)) return soundingFold(left) === soundingFold(right);
  return fitsLosses(left, right) || fitsLosses(right, left);
}

/** Whether one letter was changed, left out, added, or changed over with its neighbour. */
function isSlip(left: readonly string[], right: readonly string[]): boolean {
  const [shorter, longer] = left.length <= right.length ? [left, right] : [right, left];
  if (shorter.length < SLIP_LENGTH) return false;
  let at = 0;
  while (at < shorter.length && shorter[at] === longer[at]) at += 1;
  const rest = (letters: readonly string[], from: number) => letters.slice(from).join('');
  if (longer.length - shorter.length === 1) return rest(shorter, at) === rest(longer, at + 1);
  if (longer.length !== shorter.length) return false;
  const changedOver = shorter[at] === longer[at + 1] && shorter[at + 1] === longer[at];
  if (changedOver && rest(shorter, at + 2) === rest(longer, at + 2)) return true;
  return rest(shorter, at + 1) === rest(longer, at + 1);
}

function digits(value: string): string {
  const text = value.replace(/[ .\-/\0]/g, '');
  return /^[0-9]+$/.test(text) ? text : '';
}
