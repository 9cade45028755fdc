/**
 * Whether coding pays just now: only while the processor codes clearly faster than the line sends. Both are
 * measured while sending. A fast line is never slowed: as soon as it could take more than the coder gives, or
 * coded packs bring less than plain ones brought, everything goes plain again.
 */

/** How much faster the coder has to be than the line; what it leaves is for reading and sending. */
const MARGIN = 1.5;
/** A processor that nobody has measured yet, in bytes per second. */
const USUAL_SPEED = 30e6;
/** A trial of coded packs is judged after so long and so many; without success the next one waits. */
const TRIAL_SECONDS = 3;
const TRIAL_PACKS = 8;
const REST_SECONDS = 30;
/** Smaller differences are chance. */
const CLEARLY = 0.9;
const MEMORY = 0.8;

/** Bytes per second, of which the latest count most. */
class Rate {
  #bytes = 0;
  #seconds = 0;

  add(bytes: number, seconds: number): void {
    this.#bytes = this.#bytes * MEMORY + bytes;
    this.#seconds = this.#seconds * MEMORY + seconds;
  }

  value(unknown = 0): number {
    return this.#seconds > 0 ? this.#bytes / this.#seconds : unknown;
  }
}

/** Moments are seconds of any clock that only goes forward. */
export class Economy {
  readonly #line = new Rate();
  readonly #coder = new Rate();
  #underWay = 0;
  #last = 0;
  #busy = 0;
  #plainSpeed = 0;
  #trial: { begun: number; packs: number; original: number } | null = null;
  #restsUntil = 0;

  /** Whether the next pack is to be coded. */
  pays(now: number): boolean {
    const line = this.#line.value();
    if (line === 0 || now < this.#restsUntil || this.#coder.value(USUAL_SPEED) < line * MARGIN) {
      this.#trial = null;
      return false;
    }
    if (!this.#trial) {
      this.#trial = { begun: now, packs: 0, original: 0 };
      this.#plainSpeed = line;
    }
    const { begun, packs, original } = this.#trial;
    if (now - begun < TRIAL_SECONDS || packs < TRIAL_PACKS) return true;
    const hasPaid = original / (now - begun) >= this.#plainSpeed * CLEARLY;
    this.#trial = hasPaid ? { begun: now, packs: 0, original: 0 } : null;
    if (!hasPaid) this.#restsUntil = now + REST_SECONDS;
    return hasPaid;
  }

  /** The coder needed `seconds` for so many original bytes. */
  coded(original: number, seconds: number): void {
    this.#coder.add(original, seconds);
  }

  /** A pack sets out. */
  started(now: number): void {
    this.#pass(now);
    this.#underWay += 1;
  }

  /** A pack was answered: `sent` bytes went over the line, for `original` bytes of the files. */
  arrived(now: number, sent: number, original: number): void {
    this.#pass(now);
    this.#underWay -= 1;
    this.#line.add(sent, this.#busy);
    this.#busy = 0;
    if (this.#trial) {
      this.#trial.packs += 1;
      this.#trial.original += original;
    }
  }

  /** A pack was not answered; how long that took says nothing about the line. */
  failed(now: number): void {
    this.#underWay -= 1;
    this.#last = now;
    this.#busy = 0;
    this.#trial = null;
  }

  /** The line's time counts only while something is on it. */
  #pass(now: number): void {
    if (this.#underWay > 0) this.#busy += now - this.#last;
    this.#last = now;
  }
}
