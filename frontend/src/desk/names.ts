/**
 * DICOM person names (PS3.5 section 6.2, value representation PN): component groups divided by "=", components by "^".
 */

export interface PersonName {
  /** As a person writes it: "Muster, Anna Maria". */
  main: string;
  /** The ideographic and phonetic groups, where there are any. */
  others: string[];
}

function writtenOut(group: string, divider: string): string {
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = group
    .split('^')
    .map((component) => component.trim());
  const givens = [prefix, given, middle, suffix].filter((part) => part !== '').join(' ');
  return [family, givens].filter((part) => part !== '').join(divider);
}

/** All groups of a name in the order of the standard: alphabetic, ideographic, phonetic. */
export function personName(value: string): PersonName {
  const [alphabetic = '', ...rest] = value.split('=');
  const written = [
    writtenOut(alphabetic, ', '),
    // Ideographic and phonetic names are written without a comma.
    ...rest.map((group) => writtenOut(group, ' ')),
  ].filter((group) => group !== '');
  const [main = '', ...others] = written;
  return { main, others };
}

/** The words of all groups, folded so that case, accents and punctuation do not count. */
export function foldedWords(value: string): string[] {
  return value
    .replaceAll('ß', 'ss')
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLocaleLowerCase('en')
    .split(/[^\p{Letter}\p{Number}]+/u)
    .filter((word) => word !== '');
}

/** Family and given name as typed by hand, as a DICOM name without its dividers in the values. */
export function composeName(family: string, given: string): string {
  const clean = (part: string) =>
    part
      .replace(/[\^=\\]+/g, ' ')
      .replace(/\s+/g, ' ')
      .trim();
  return [clean(family), clean(given)].join('^').replace(/\^+$/, '');
}
