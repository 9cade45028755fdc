/**
 * Makes packs smaller for the way while that pays. The page loads it when the upload starts, and its worker
 * with the first frame to be coded. Whatever fails here costs nothing but the saving: the frames go plain.
 */
import type { Frame } from '../pack';
import type { Pack } from '../work';
import { Economy } from './economy';
import type { Coded } from './frame-coder';
import type { Answer, Order } from './worker';

/** Codes frames somewhere; rejects when it cannot (any more). */
export interface Workshop {
  code(frame: Frame): Promise<{ coded: Coded | null; seconds: number }>;
  close(): void;
}

/** The server did not get the original out of what came: plain it will be taken. */
const UNPACKING = new Set(['frame.coding', 'frame.encoding']);
/** Longer than any frame takes: then the worker was not loaded, perhaps because the line is down. */
const PATIENCE = 15_000;

export class Coder {
  readonly #economy = new Economy();
  readonly #plain = new Set<number>();
  #workshop: Workshop | null;

  constructor(
    workshop: Workshop,
    private readonly now: () => number,
  ) {
    this.#workshop = workshop;
  }

  /** The pack, its frames coded where that pays. */
  async code(pack: Pack): Promise<Pack> {
    if (!this.#workshop || !this.#economy.pays(this.now())) return pack;
    return { ...pack, frames: await Promise.all(pack.frames.map((frame) => this.#code(frame))) };
  }

  /** Sends `bytes` for this pack and measures the line by it. */
  async timed<T>(pack: Pack, bytes: number, send: () => Promise<T>): Promise<T> {
    this.#economy.started(this.now());
    try {
      const answer = await send();
      this.#economy.arrived(this.now(), bytes, pack.bytes);
      return answer;
    } catch (error) {
      this.#economy.failed(this.now());
      throw error;
    }
  }

  /** Whether the server could not make the original of this frame: then none of its file is coded any more. */
  isBroken(frame: Frame | undefined, code: string | undefined): boolean {
    const isBroken = UNPACKING.has(code ?? '') && frame !== undefined && frame.encoding !== 'identity';
    if (isBroken) this.#plain.add(frame.file);
    return isBroken;
  }

  close(): void {
    this.#workshop?.close();
    this.#workshop = null;
  }

  async #code(frame: Frame): Promise<Frame> {
    if (!this.#workshop || this.#plain.has(frame.file)) return frame;
    try {
      const { coded, seconds } = await this.#workshop.code(frame);
      this.#economy.coded(frame.length, seconds);
      return coded ? { ...frame, ...coded } : frame;
    } catch {
      this.#workshop = null;
      return frame;
    }
  }
}

/** A worker of the browser; made when it gets its first frame. */
export class WorkerShop implements Workshop {
  readonly #waiting = new Map<number, { done(answer: Answer): void; failed(error: unknown): void }>();
  #worker: Worker | null = null;
  #orders = 0;

  constructor(
    private readonly encodings: readonly string[],
    private readonly make: () => Worker = makeWorker,
  ) {}

  code({ file, offset, bytes }: Frame): Promise<Answer> {
    const order: Order = { id: this.#orders, file, offset, bytes };
    this.#orders += 1;
    if (!this.#worker) {
      this.#worker = this.make();
      this.#worker.onmessage = ({ data }: MessageEvent<Answer>) => this.#waiting.get(data.id)?.done(data);
      this.#worker.onerror = (event) => this.#close(event);
      order.encodings = this.encodings;
    }
    const timer = setTimeout(() => this.#close(new Error('timeout')), PATIENCE);
    const answer = new Promise<Answer>((done, failed) => {
      this.#waiting.set(order.id, { done, failed });
    }).finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(order.id);
    });
    this.#worker.postMessage(order);
    return answer;
  }

  close(): void {
    this.#close(new Error('closed'));
  }

  #close(error: unknown): void {
    this.#worker?.terminate();
    for (const { failed } of this.#waiting.values()) failed(error);
  }
}

function makeWorker(): Worker {
  return new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
}
