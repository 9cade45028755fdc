import { expect, test } from 'vitest';
import { composeName, personName } from './names';

test('a name is written family name first, with every group that it has', () => {
  expect(personName('Yamada^Tarou=山田^太郎=やまだ^たろう')).toEqual({
    main: 'Yamada, Tarou',
    others: ['山田 太郎', 'やまだ たろう'],
  });
});

test('prefix, middle name and suffix stand with the given name', () => {
  expect(personName('Muster^Anna^Maria^Dr.^MD').main).toBe('Muster, Dr. Anna Maria MD');
});

test('an ideographic name alone becomes the main name', () => {
  expect(personName('=山田^太郎')).toEqual({ main: '山田 太郎', others: [] });
});

test('an empty name stays empty', () => {
  expect(personName('^^^')).toEqual({ main: '', others: [] });
});

test('typed names cannot smuggle dividers into the components', () => {
  expect(composeName(' Mu^ster ', 'An=na\\x')).toBe('Mu ster^An na x');
  expect(composeName('Muster', '')).toBe('Muster');
});
