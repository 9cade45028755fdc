/** What the engine needs of the browser; tests put their own in its place. */

export interface Environment {
  /** Seconds, for measuring. */
  now(): number;
  random(): number;
  isOnline(): boolean;
  /** Ends after `milliseconds`, when the network comes back, or when `signal` is aborted. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export const BROWSER: Environment = {
  now: () => performance.now() / 1000,
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
};
