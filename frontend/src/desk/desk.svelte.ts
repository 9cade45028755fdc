/**
 * What the whole page shares: who is logged in, the API, the clock, the voice for screen readers, and the keys' switch.
 */
import { ApiProblem, DeskApi } from './api';
import type { Session } from './types';

interface Waiting {
  resolve: () => void;
  reject: (problem: ApiProblem) => void;
}

/** Who is logged in. When the session ends, requests wait here until somebody has logged in again. */
class DeskSession {
  who = $state<Session | null>(null);
  /** Whether the server has been asked at all. */
  known = $state(false);
  expired = $state(false);
  #waiting: Waiting[] = [];

  readonly logInAgain = (): Promise<void> => {
    this.expired = true;
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  };

  begin(who: Session): void {
    this.who = who;
    this.known = true;
    this.expired = false;
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  end(): void {
    this.who = null;
    this.known = true;
    this.expired = false;
    for (const { reject } of this.#waiting.splice(0)) reject(new ApiProblem('unauthorised', 401));
  }
}

/** Sentences for the live region; the same sentence twice is spoken twice. */
class Voice {
  sentence = $state('');
  turn = $state(0);

  say(sentence: string): void {
    this.sentence = sentence;
    this.turn += 1;
  }
}

const KEYS_SWITCH = 'importal.desk.keys';

/** Single keys can be switched off (WCAG 2.1.4); the browser remembers. */
class KeysSwitch {
  on = $state(readSwitch());

  set(on: boolean): void {
    this.on = on;
    try {
      localStorage.setItem(KEYS_SWITCH, on ? 'on' : 'off');
    } catch {
      // Without storage the choice holds until the page is closed.
    }
  }
}

function readSwitch(): boolean {
  try {
    return localStorage.getItem(KEYS_SWITCH) !== 'off';
  } catch {
    return true;
  }
}

class Clock {
  now = $state(Date.now());

  /** Let the ages on the page grow; returns the way to stop it. */
  start(): () => void {
    const timer = setInterval(() => {
      this.now = Date.now();
    }, 30_000);
    return () => clearInterval(timer);
  }
}

export const session = new DeskSession();
export const voice = new Voice();
export const keysSwitch = new KeysSwitch();
export const clock = new Clock();
export const api = new DeskApi({
  fetch: (input, init) => fetch(input, init),
  logInAgain: session.logInAgain,
});
