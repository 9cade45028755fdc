/** What the engine needs of the browser; tests put their own in its place. */
import type { Coder } from './coding/coder';

export interface Environment {
  /** Seconds, for measuring. */
  now(): number;
  random(): number;
  isOnline(): boolean;
  /** Ends after `milliseconds`, when the network comes back, or when `signal` is aborted. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** What makes frames smaller in one of these encodings; null where that is not to be had. */
  coder(encodings: readonly string[]): Promise<Coder | null>;
}

const now = () => performance.now() / 1000;

export const BROWSER: Environment = {
  now,
  random: () => Math.random(),
  isOnline: () => navigator.onLine,
  wait: (milliseconds, signal) =>
    new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        removeEventListener('online', done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      addEventListener('online', done);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    }),
  coder: async (encodings) => {
    // Not part of the page: nobody waits for it before there is something to send.
    const { Coder, WorkerShop } = await import('./coding/coder');
    return new Coder(new WorkerShop(encodings), now);
  },
};
