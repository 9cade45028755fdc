import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { pauseAfter, poll } from './polling';

class Page extends EventTarget {
  visibilityState: DocumentVisibilityState = 'visible';

  turn(state: DocumentVisibilityState): void {
    this.visibilityState = state;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

const pageOf = (page: Page) =>
  page as unknown as Pick<Document, 'visibilityState' | 'addEventListener' | 'removeEventListener'>;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('polling', () => {
  test('asks at every interval until it is stopped', async () => {
    const ask = vi.fn(async () => undefined);
    const polling = poll({ ask, everyMilliseconds: 100, page: pageOf(new Page()) });
    await vi.advanceTimersByTimeAsync(350);
    expect(ask).toHaveBeenCalledTimes(3);
    polling.stop();
    await vi.advanceTimersByTimeAsync(1000);
    expect(ask).toHaveBeenCalledTimes(3);
  });

  test('never has two questions under way', async () => {
    let answer = () => {};
    const ask = vi.fn(() => new Promise<void>((resolve) => (answer = resolve)));
    const polling = poll({ ask, everyMilliseconds: 100, page: pageOf(new Page()) });
    await vi.advanceTimersByTimeAsync(500);
    polling.now();
    expect(ask).toHaveBeenCalledTimes(1);
    answer();
    await vi.advanceTimersByTimeAsync(150);
    expect(ask).toHaveBeenCalledTimes(2);
    polling.stop();
  });

  test('rests while the page is hidden and asks at once when it is seen again', async () => {
    const page = new Page();
    const ask = vi.fn(async () => undefined);
    const polling = poll({ ask, everyMilliseconds: 100, page: pageOf(page) });
    page.turn('hidden');
    await vi.advanceTimersByTimeAsync(1000);
    expect(ask).not.toHaveBeenCalled();
    page.turn('visible');
    await vi.advanceTimersByTimeAsync(0);
    expect(ask).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(100);
    expect(ask).toHaveBeenCalledTimes(2);
    polling.stop();
  });

  test('slows down while it fails and recovers', async () => {
    let failing = true;
    const ask = vi.fn(async () => {
      if (failing) throw new Error('away');
    });
    const onFailure = vi.fn();
    const polling = poll({ ask, everyMilliseconds: 1000, onFailure, page: pageOf(new Page()) });
    await vi.advanceTimersByTimeAsync(1000 + 2000 + 4000);
    expect(onFailure).toHaveBeenCalledTimes(3);
    failing = false;
    await vi.advanceTimersByTimeAsync(8000 + 1000);
    expect(ask).toHaveBeenCalledTimes(5);
    polling.stop();
  });
});

test('the pause never exceeds a minute, nor falls below the interval', () => {
  expect(pauseAfter(0, 2000)).toBe(2000);
  expect(pauseAfter(30, 2000)).toBe(60_000);
  expect(pauseAfter(1, 90_000)).toBe(90_000);
});
