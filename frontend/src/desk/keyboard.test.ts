import { describe, expect, test } from 'vitest';
import { actionOf, type Pressed, placeAfterRemoval, step } from './keyboard';

const pressed = (key: string, more: Partial<Pressed> = {}): Pressed => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  tag: 'body',
  type: '',
  inDialog: false,
  ...more,
});

describe('single keys', () => {
  test.each([
    ['j', 'next'],
    ['ArrowUp', 'previous'],
    ['/', 'search'],
    ['?', 'help'],
    ['n', 'next_waiting'],
  ])('%s means %s', (key, name) => {
    expect(actionOf(pressed(key))?.name).toBe(name);
  });

  test('digits choose a candidate', () => {
    expect(actionOf(pressed('3'))).toEqual({ name: 'choose', number: 3 });
  });

  test('are left alone while somebody types', () => {
    expect(actionOf(pressed('n', { tag: 'input', type: 'text' }))).toBeNull();
    expect(actionOf(pressed('n', { tag: 'textarea' }))).toBeNull();
    expect(actionOf(pressed('n', { tag: 'select' }))).toBeNull();
  });

  test('work from a radio button, which keeps its arrows', () => {
    expect(actionOf(pressed('2', { tag: 'input', type: 'radio' }))).not.toBeNull();
    expect(actionOf(pressed('ArrowDown', { tag: 'input', type: 'radio' }))).toBeNull();
  });

  test('never act with a modifier or behind a dialog', () => {
    expect(actionOf(pressed('n', { ctrlKey: true }))).toBeNull();
    expect(actionOf(pressed('n', { metaKey: true }))).toBeNull();
    expect(actionOf(pressed('n', { altKey: true }))).toBeNull();
    expect(actionOf(pressed('n', { inDialog: true }))).toBeNull();
  });
});

describe('the place in the list', () => {
  test('begins at either end and stops there', () => {
    expect(step(-1, 1, 3)).toBe(0);
    expect(step(-1, -1, 3)).toBe(2);
    expect(step(2, 1, 3)).toBe(2);
    expect(step(0, -1, 3)).toBe(0);
    expect(step(-1, 1, 0)).toBe(-1);
  });

  test('stays where it was when its line has gone', () => {
    expect(placeAfterRemoval(1, 3)).toBe(1);
    expect(placeAfterRemoval(2, 2)).toBe(1);
  });
});
