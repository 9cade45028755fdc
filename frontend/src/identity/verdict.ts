/**
 * Is the patient of these images the one whom the hospital expects? One of four verdicts, and what it rests on.
 * The server judges for itself by the same rules (`studies/identity.py`).
 */
import {
  type Comparison,
  compareBirthDates,
  compareNames,
  compareSexes,
  isInitialOf,
  isOneWord,
} from './comparison';
import { latinFold, nameGroups, nameParts, words } from './names';

export type Verdict = 'matches' | 'differs' | 'another_person' | 'not_stated';
export type Attribute = 'name' | 'birth_date' | 'sex';

/** As images name a person: PN, DA and CS (PS3.5 section 6.2); each may be empty. */
export interface Person {
  patient_name: string;
  birth_date: string;
  sex: string;
}

export interface Judgement {
  verdict: Verdict;
  fields: readonly Attribute[];
}

type Standing = 'agrees' | 'differs' | 'another' | 'missing';

/** Whether images can be compared with it at all. */
export function namesSomebody(expected: Person): boolean {
  return hasWords(expected.patient_name) || expected.birth_date !== '';
}

/**
 * What is not expected is not compared. Twins share family name and birth date, fathers and sons the name: another
 * given name or another year makes another person. A changed family name, a slip of the pen or another day of the
 * same year is asked about. Day and month changed over agree.
 */
export function judge(expected: Person, found: Person): Judgement {
  const standings: [Attribute, Standing][] = [
    ['name', nameStanding(expected.patient_name, found.patient_name)],
    ['birth_date', birthDateStanding(expected.birth_date, found.birth_date)],
    ['sex', compareSexes(expected.sex, found.sex) === 'different' ? 'differs' : 'agrees'],
  ];
  const those = (...wanted: Standing[]) =>
    standings.filter(([, standing]) => wanted.includes(standing)).map(([attribute]) => attribute);
  const differing = those('differs');
  if (those('another').length > 0 || differing.length > 1) {
    return { verdict: 'another_person', fields: those('another', 'differs') };
  }
  if (differing.length > 0) return { verdict: 'differs', fields: differing };
  const missing = those('missing');
  return missing.length > 0 ? { verdict: 'not_stated', fields: missing } : { verdict: 'matches', fields: [] };
}

function nameStanding(expected: string, found: string): Standing {
  if (!hasWords(expected)) return 'agrees';
  const [ours, theirs] = [inGroups(expected), inGroups(found)];
  const answer = compareNames(ours, theirs, 0);
  // A name in another script is no other name: nobody here knows how it is spelled in this one.
  if (answer === 'missing') return 'missing';
  if (answer !== 'different') return 'agrees';
  const mayBeTheSame =
    compareNames(ours, theirs) !== 'different' ||
    // Many names sound alike, and only their characters differ.
    areAlike(nameGroups(ours)[0], nameGroups(theirs)[0]) ||
    shareAGivenName(ours, theirs);
  return mayBeTheSame ? 'differs' : 'another';
}

function areAlike(expected: string, found: string): boolean {
  return (['same', 'similar'] as Comparison[]).includes(compareNames(expected, found));
}

/**
 * Whether a given name is the same, or an initial of it: the family name may have changed. Where it did not, the first
 * given name has to be, and may be missing: twins often share the second.
 */
function shareAGivenName(expected: string, found: string): boolean {
  const [ourFamily, ourGiven] = nameParts(nameGroups(expected)[0]);
  const [theirFamily, theirGiven] = nameParts(nameGroups(found)[0]);
  const sameFamily = areAlike(ourFamily.join(''), theirFamily.join(''));
  const [ours, theirs] = sameFamily ? [ourGiven.slice(0, 1), theirGiven.slice(0, 1)] : [ourGiven, theirGiven];
  if (sameFamily && (ours.length === 0 || theirs.length === 0)) return true;
  return ours.some((one) => theirs.some((other) => isOneWord(one, other) || isInitialOf(one, other)));
}

function birthDateStanding(expected: string, found: string): Standing {
  const answer = compareBirthDates(expected, found);
  if (answer === 'missing') return compareBirthDates(expected, expected) === 'same' ? 'missing' : 'agrees';
  if (answer !== 'different') return 'agrees';
  const sameYear = compareBirthDates(expected.slice(0, 4), found.trim().slice(0, 4)) === 'same';
  return sameYear ? 'differs' : 'another';
}

function hasWords(name: string): boolean {
  return nameGroups(name).some((group) => words(group.replaceAll('^', ' ')).length > 0);
}

/** A name whose only group is in characters, with that group where such ones belong. */
function inGroups(name: string): string {
  const [alphabetic, ideographic, phonetic] = nameGroups(name);
  if (ideographic || /[a-z]/.test(latinFold(alphabetic))) return name;
  return `=${alphabetic}=${phonetic}`;
}
