import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { t } from './index';
import { addStage, beginWithLanguage, bestOf, changeLanguage, currentLanguage } from './language';

beforeAll(() => {
  vi.stubGlobal('document', { documentElement: { lang: 'en', dir: 'ltr' } });
  vi.stubGlobal('navigator', { languages: ['sv', 'en-GB'] });
});
afterAll(() => vi.unstubAllGlobals());

const SPOKEN = ['en', 'de', 'ar'];

test('the first language that the browser asks for and the page speaks is taken', () => {
  expect(bestOf(['sv-SE', 'de-CH', 'en-GB'], SPOKEN)).toBe('de');
});

test('what was remembered goes before what the browser asks for', () => {
  expect(bestOf(['ar', 'de-CH'], SPOKEN)).toBe('ar');
});

test('nothing remembered and no known language is English', () => {
  expect(bestOf(['', 'sv', 'C'], SPOKEN)).toBe('en');
});

test('a stage that is fetched while the language changes comes in the new language', async () => {
  await beginWithLanguage();
  expect(t('sender.undo')).toBe('Undo');
  await Promise.all([addStage('later'), changeLanguage('de')]);
  expect(t('sender.verify.heading')).toBe('Prüfen und hochladen');
  expect(t('sender.undo')).toBe('Rückgängig machen');
  expect(currentLanguage()).toBe('de');
});

test('of two changes at once the last one stands', async () => {
  await Promise.all([changeLanguage('fr'), changeLanguage('pl')]);
  expect([t('sender.undo'), t('sender.verify.heading')]).toEqual(['Cofnij', 'Sprawdź i wyślij']);
  expect(currentLanguage()).toBe('pl');
});

test('a language without a catalogue changes nothing', async () => {
  await expect(changeLanguage('xx')).rejects.toThrow();
  expect([t('sender.undo'), currentLanguage()]).toEqual(['Cofnij', 'pl']);
});
