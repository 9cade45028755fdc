/**
 * Sends the files of a submission and brings it to its receipt. Invariants:
 * - a byte counts as sent only when the server has confirmed it, and is then never sent again;
 * - every frame may be repeated: after any failure the same ranges are simply sent once more;
 * - a file that cannot be read is named, the others go on; without it nothing is handed over unasked;
 * - at most one pack per connection is held in memory.
 */
import { announce } from './announce';
import { type Api, ApiError, type FrameResult, type Receipt } from './api';
import type { Coder } from './coding/coder';
import type { Environment } from './environment';
import { Failures } from './failures';
import { Pace, Speedometer } from './pace';
import { encodePack } from './pack';
import { isTooLarge, persistently } from './persist';
import type { TransferListener, TransferProgress } from './progress';
import { missingRanges, type Pack, type TransferFile, WorkList } from './work';

const MOST_REPEATS = 3; // How often a frame is sent again whose digest was wrong on arrival.
const MOST_ROUNDS = 3; // How often missing files are looked for and sent again before giving up.

export class Transfer {
  readonly #stop = new AbortController();
  readonly #pace = new Pace();
  readonly #speed = new Speedometer();
  readonly #failures = new Failures();
  readonly #repeats = new Map<string, number>();
  #coder: Coder | null = null;
  readonly #useCoder = (coder: Coder | null) => (this.#coder = coder);
  #active = 0;
  #gate: Promise<void> | null = null;
  #openGate: () => void = () => undefined;
  #progress: TransferProgress;

  constructor(
    private readonly api: Api,
    private readonly submissionId: string,
    private readonly files: readonly TransferFile[],
    private readonly listener: TransferListener,
    private readonly environment: Environment,
  ) {
    const totalBytes = files.reduce((sum, { file }) => sum + file.size, 0);
    const empty = { confirmedBytes: 0, sentBytes: 0, secondsLeft: null, studyUid: null, failures: [] };
    this.#progress = { phase: 'preparing', totalBytes, ...empty };
  }

  /** Runs to the receipt. Throws ApiError when going on makes no sense, AbortError after `cancel`. */
  async run(): Promise<Receipt> {
    try {
      await this.#announce();
      for (let round = 1; ; round += 1) {
        await this.#sendMissing();
        while (await this.#isToReadAgain()) await this.#sendMissing();
        const receipt = await this.#finish(round);
        if (receipt) return receipt;
      }
    } catch (error) {
      this.#change({ phase: this.#stop.signal.aborted ? 'cancelled' : 'failed' });
      this.#stop.abort();
      throw error;
    } finally {
      this.#coder?.close();
    }
  }

  pause(): void {
    if (this.#gate || !['sending', 'waiting'].includes(this.#progress.phase)) return;
    this.#gate = new Promise((resolve) => {
      this.#openGate = resolve;
    });
    this.#speed.interrupt();
    this.#change({ phase: 'paused', secondsLeft: null });
  }

  resume(): void {
    this.#gate = null;
    this.#openGate();
    if (this.#progress.phase === 'paused') this.#change({ phase: 'sending' });
  }

  /** Stops at once; what was confirmed stays with the server until the submission is discarded. */
  cancel(): void {
    this.#stop.abort();
    this.resume();
  }

  async #announce(): Promise<void> {
    const { signal } = this.#stop;
    const encodings = await announce(this.files, (some) =>
      this.#persistently(() => this.api.announce(this.submissionId, some, signal)),
    );
    // Not waited for: plain packs can go meanwhile.
    if (encodings.length > 0) this.environment.coder(encodings).then(this.#useCoder, () => undefined);
  }

  async #sendMissing(): Promise<void> {
    const states = await this.#persistently(() => this.api.fileStates(this.submissionId, this.#stop.signal));
    const readable = this.files.filter((one) => !this.#failures.has(one));
    const ranges = missingRanges(readable, states);
    const missing = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
    this.#change({ phase: 'sending', confirmedBytes: this.#progress.totalBytes - missing });
    const work = new WorkList(ranges, (target, code) => {
      this.#failures.addUnread(target, code);
      this.#leaveOut(target);
    });
    await this.#connections(work);
  }

  /** Asks about files that could not be read; true when they are to be tried once more. */
  async #isToReadAgain(): Promise<boolean> {
    const files = this.#failures.unread;
    if (files.length === 0) return false;
    this.#change({ phase: 'asking', secondsLeft: null });
    const canHandOver = this.files.some((one) => one.role === 'instance' && !this.#failures.has(one));
    const answer = await this.listener.missing({ files, canHandOver });
    this.#stop.signal.throwIfAborted();
    const totalBytes = this.#progress.totalBytes + this.#failures.decide(answer);
    this.#change({ totalBytes, failures: this.#failures.all });
    return answer === 'again';
  }

  /** Keeps as many senders going as the pace allows, until the work is done or one of them fails. */
  async #connections(work: WorkList): Promise<void> {
    const senders = new Set<Promise<void>>();
    const add = () => {
      while (this.#active < this.#pace.connections && !this.#stop.signal.aborted) {
        const sender = this.#sender(work, add).finally(() => senders.delete(sender));
        sender.catch(() => undefined); // The first failure is met below; the others follow from it.
        senders.add(sender);
      }
    };
    add();
    while (senders.size > 0) await Promise.race(senders);
    this.#stop.signal.throwIfAborted();
  }

  async #sender(work: WorkList, onSuccess: () => void): Promise<void> {
    this.#active += 1;
    try {
      // Leaves when the pace has slowed down; the last one stays until the work is done.
      while (this.#active <= this.#pace.connections) {
        await this.#gate;
        this.#stop.signal.throwIfAborted();
        const pack = await work.next(this.#pace.packBytes);
        if (!pack) return;
        this.#change({ studyUid: pack.ranges[0]?.target.studyUid ?? null });
        if (await this.#deliver((await this.#coder?.code(pack)) ?? pack, work)) onSuccess();
      }
    } finally {
      this.#active -= 1;
    }
  }

  /** Sends one pack until it is answered. False: its ranges went back to the work list. */
  async #deliver(pack: Pack, work: WorkList): Promise<boolean> {
    const body = encodePack(pack.frames);
    let begun = 0;
    try {
      const send = () => this.api.sendPack(this.submissionId, body, this.#stop.signal);
      const results = await this.#persistently(() => {
        begun = this.environment.now();
        return this.#coder?.timed(pack, body.size, send) ?? send();
      });
      this.#pace.succeeded(pack.bytes, this.environment.now() - begun);
      this.#change({ sentBytes: this.#progress.sentBytes + body.size });
      this.#settle(pack, results, work);
      return true;
    } catch (error) {
      if (!(isTooLarge(error) && this.#pace.tooLarge(Math.min(pack.bytes, body.size)))) throw error;
      work.putBack(pack.ranges);
      return false;
    }
  }

  #settle({ frames, ranges }: Pack, results: readonly FrameResult[], work: WorkList): void {
    const answers = new Map(results.map((result) => [`${result.file}:${result.offset}`, result]));
    let confirmed = 0;
    for (const [at, range] of ranges.entries()) {
      const key = `${range.target.number}:${range.start}`;
      const answer = answers.get(key);
      if (answer && answer.result !== 'refused') {
        confirmed += range.end - range.start;
        continue;
      }
      if (this.#coder?.isBroken(frames[at], answer?.code)) {
        work.putBack([range]);
        continue;
      }
      const repeats = (this.#repeats.get(key) ?? 0) + 1;
      this.#repeats.set(key, repeats);
      // A wrong digest or a missing answer is an accident on the way; other refusals would come again.
      const accident = !answer || answer.code === 'frame.digest';
      if (accident && repeats <= MOST_REPEATS) work.putBack([range]);
      else {
        work.giveUp(range.target);
        this.#failures.add(range.target, answer?.code ?? 'frame.digest');
        this.#leaveOut(range.target);
      }
    }
    this.#advance(confirmed);
  }

  #advance(bytes: number): void {
    const confirmedBytes = Math.min(this.#progress.confirmedBytes + bytes, this.#progress.totalBytes);
    this.#speed.observe(confirmedBytes, this.environment.now());
    const left = this.#progress.totalBytes - confirmedBytes;
    this.#change({ confirmedBytes, secondsLeft: this.#gate ? null : this.#speed.secondsLeft(left) });
  }

  #leaveOut(target: TransferFile): void {
    const totalBytes = this.#progress.totalBytes - target.file.size;
    const confirmedBytes = Math.min(this.#progress.confirmedBytes, totalBytes);
    this.#change({ failures: this.#failures.all, totalBytes, confirmedBytes });
  }

  /** Null: the server still misses files, which are to be sent in another round. */
  async #finish(round: number): Promise<Receipt | null> {
    this.#change({ phase: 'finishing', secondsLeft: null });
    const unreadable = this.#failures.numbers;
    const count = this.files.length - unreadable.length;
    try {
      const receipt = await this.#persistently(() =>
        this.api.finish(this.submissionId, count, unreadable, this.#stop.signal),
      );
      this.#change({ phase: 'done' });
      return receipt;
    } catch (error) {
      const incomplete = error instanceof ApiError && error.code === 'transfer.incomplete';
      if (incomplete && round < MOST_ROUNDS) return null;
      throw error;
    }
  }

  #persistently<T>(attempt: () => Promise<T>): Promise<T> {
    const [environment, signal] = [this.environment, this.#stop.signal];
    const onAnswer = () => this.#progress.phase === 'waiting' && this.#change({ phase: 'sending' });
    return persistently(attempt, { environment, signal, onTrouble: () => this.#stumble(), onAnswer });
  }

  #stumble(): void {
    this.#pace.failed();
    this.#speed.interrupt();
    if (this.#progress.phase === 'sending') this.#change({ phase: 'waiting', secondsLeft: null });
  }

  #change(part: Partial<TransferProgress>): void {
    this.#progress = { ...this.#progress, ...part };
    this.listener.progress(this.#progress);
  }
}
