/**
 * Ask again and again, politely: never two requests at once, never while the page is hidden, slower while it fails.
 */

export interface Polling {
  /** Ask now instead of at the next turn. */
  now: () => void;
  stop: () => void;
}

interface Options {
  ask: () => Promise<void>;
  everyMilliseconds: number;
  onFailure?: (problem: unknown) => void;
  page?: Pick<Document, 'visibilityState' | 'addEventListener' | 'removeEventListener'>;
}

const SLOWEST_MILLISECONDS = 60_000;

/** Milliseconds until the next question after so many failures in a row. */
export function pauseAfter(failures: number, everyMilliseconds: number): number {
  const doubled = everyMilliseconds * 2 ** Math.min(failures, 10);
  return Math.max(everyMilliseconds, Math.min(doubled, SLOWEST_MILLISECONDS));
}

/** Start polling; the first question is asked after one interval, because the caller has just loaded the page. */
export function poll({ ask, everyMilliseconds, onFailure, page = document }: Options): Polling {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let asking = false;
  let stopped = false;

  const plan = () => {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(turn, pauseAfter(failures, everyMilliseconds));
  };

  async function turn(): Promise<void> {
    if (stopped || asking) return;
    if (page.visibilityState === 'hidden') return;
    clearTimeout(timer);
    asking = true;
    try {
      await ask();
      failures = 0;
    } catch (problem) {
      failures += 1;
      if (!stopped) onFailure?.(problem);
    } finally {
      asking = false;
      plan();
    }
  }

  const onVisibility = () => {
    if (page.visibilityState === 'visible') void turn();
  };
  page.addEventListener('visibilitychange', onVisibility);
  plan();
  return {
    now: () => void turn(),
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      page.removeEventListener('visibilitychange', onVisibility);
    },
  };
}
