/**
 * Single keys for people who do the same thing a hundred times a day.
 *
 * They never act while something is being typed, never with a modifier, and can be switched off (WCAG 2.1.4).
 */

export type KeyAction =
  | { name: 'next' | 'previous' | 'search' | 'help' | 'next_waiting' | 'inbox' | 'reconcile' }
  | { name: 'choose'; number: number };

export interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  /** What has the focus: a tag name in lower case and, for an input, its type. */
  tag: string;
  type: string;
  inDialog: boolean;
}

const ACTIONS: Record<string, KeyAction> = {
  j: { name: 'next' },
  k: { name: 'previous' },
  ArrowDown: { name: 'next' },
  ArrowUp: { name: 'previous' },
  '/': { name: 'search' },
  '?': { name: 'help' },
  n: { name: 'next_waiting' },
  i: { name: 'inbox' },
  r: { name: 'reconcile' },
};

const TYPELESS = new Set(['radio', 'checkbox', 'button', 'submit', 'reset']);

function takesText(pressed: Pressed): boolean {
  if (pressed.tag === 'textarea' || pressed.tag === 'select') return true;
  return pressed.tag === 'input' && !TYPELESS.has(pressed.type);
}

/** What a key means here, or null when the browser or the field should have it. */
export function actionOf(pressed: Pressed): KeyAction | null {
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey || pressed.inDialog) return null;
  if (takesText(pressed)) return null;
  if (pressed.tag === 'input' && pressed.key.startsWith('Arrow')) return null;
  if (/^[1-9]$/.test(pressed.key)) return { name: 'choose', number: Number(pressed.key) };
  return ACTIONS[pressed.key] ?? null;
}

/** The place to go to in a list of `length`; from nowhere (-1) the first or the last. */
export function step(current: number, direction: 1 | -1, length: number): number {
  if (length === 0) return -1;
  if (current < 0) return direction === 1 ? 0 : length - 1;
  return Math.min(length - 1, Math.max(0, current + direction));
}

/** Where the focus goes when its row has gone: to the row that took its place, else to the last one. */
export function placeAfterRemoval(formerPlace: number, length: number): number {
  return Math.min(formerPlace, length - 1);
}

export function pressedOn(event: KeyboardEvent): Pressed {
  const target = event.target instanceof HTMLElement ? event.target : null;
  return {
    key: event.key,
    ctrlKey: event.ctrlKey,
    metaKey: event.metaKey,
    altKey: event.altKey,
    tag: target?.tagName.toLowerCase() ?? '',
    type: target instanceof HTMLInputElement ? target.type : '',
    inDialog: document.querySelector('dialog[open]') !== null,
  };
}
