/** Repeats a request until it is answered for good: an accident on the way is never the sender's affair. */
import { ApiError } from './api';
import type { Environment } from './environment';
import { backOff } from './pace';

export interface Persistence {
  environment: Environment;
  signal: AbortSignal;
  /** Called before each wait. */
  onTrouble(): void;
  /** Called when an answer came. */
  onAnswer(): void;
}

/** The answer to `attempt`; waits between attempts, longer each time. Throws what will not pass by waiting. */
export async function persistently<T>(attempt: () => Promise<T>, how: Persistence): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    how.signal.throwIfAborted();
    try {
      const answer = await attempt();
      how.onAnswer();
      return answer;
    } catch (error) {
      if (!(error instanceof ApiError && error.transient)) throw error;
      how.onTrouble();
      const asked = Number(error.params.retry_after_seconds ?? 0) * 1000;
      const wait = Math.max(asked, backOff(tries, how.environment.random));
      await how.environment.wait(wait, how.signal);
    }
  }
}

/** Whether something on the way takes no bodies of this size; what the hospital limits is another matter. */
export const isTooLarge = (error: unknown) =>
  error instanceof ApiError && error.status === 413 && !error.code.startsWith('limit.');
