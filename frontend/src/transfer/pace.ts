/** How fast to go and how long it will take. */

const FIRST_PACK = 1 << 20;
const SMALLEST_PACK = 64 << 10;
/** Smaller ones are only for what takes no larger bodies. */
const SLOWEST_PACK = 256 << 10;
const LARGEST_PACK = 4 << 20;
/** Packs as large as a connection sends in this time: when the line breaks, little is under way. */
const PACK_SECONDS = 3;
const FIRST_CONNECTIONS = 2;
const MOST_CONNECTIONS = 6;

/** Begins gently, so that the first confirmation comes early, and grows as far as the line allows. */
export class Pace {
  #packBytes = FIRST_PACK;
  #largest = LARGEST_PACK;
  #connections = FIRST_CONNECTIONS;

  get packBytes(): number {
    return this.#packBytes;
  }

  get connections(): number {
    return this.#connections;
  }

  /** So many bytes took so long on one connection. */
  succeeded(bytes: number, seconds: number): void {
    const wanted = Math.round((bytes / Math.max(seconds, 0.001)) * PACK_SECONDS);
    this.#packBytes = Math.min(this.#packBytes * 2, Math.max(wanted, SLOWEST_PACK), this.#largest);
    this.#connections = Math.min(this.#connections + 1, MOST_CONNECTIONS);
  }

  failed(): void {
    this.#connections = Math.max(1, this.#connections >> 1);
    this.#packBytes = Math.max(Math.min(SLOWEST_PACK, this.#largest), this.#packBytes >> 1);
  }

  /** Something on the way takes no bodies of `bytes`; false when they cannot be made smaller. */
  tooLarge(bytes: number): boolean {
    if (bytes <= SMALLEST_PACK) return false;
    this.#largest = Math.max(SMALLEST_PACK, Math.min(this.#largest, bytes) >> 1);
    this.#packBytes = Math.min(this.#packBytes, this.#largest);
    return true;
  }
}

const SETTLING_SECONDS = 15;

/** Bytes per second, smoothed so that the time left does not jump. */
export class Speedometer {
  #speed = 0;
  #last: { bytes: number; at: number } | null = null;

  /** `bytes`: confirmed so far; `at`: seconds. */
  observe(bytes: number, at: number): void {
    if (this.#last === null) this.#last = { bytes, at };
    const seconds = at - this.#last.at;
    if (seconds < 0.5) return;
    const now = (bytes - this.#last.bytes) / seconds;
    const weight = this.#speed === 0 ? 1 : 1 - Math.exp(-seconds / SETTLING_SECONDS);
    this.#speed += (now - this.#speed) * weight;
    this.#last = { bytes, at };
  }

  /** After a pause the time that passed says nothing about the line. */
  interrupt(): void {
    this.#last = null;
  }

  secondsLeft(bytes: number): number | null {
    return this.#speed > 0 ? bytes / this.#speed : null;
  }
}

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;

/** Milliseconds to wait before attempt number `attempt` (1, 2, …): exponential, with full jitter. */
export function backOff(attempt: number, random: () => number): number {
  const ceiling = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1));
  return ceiling / 2 + (random() * ceiling) / 2;
}
