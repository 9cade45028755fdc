/** Files that did not get through: refused by the server, or no longer to be read on the sender's computer. */
import type { FailedFile } from './progress';
import type { TransferFile } from './work';

export class Failures {
  readonly #failed = new Map<number, FailedFile>();
  /** Those that could not be read, until the sender has decided about them. */
  readonly #unread = new Map<number, TransferFile>();

  get all(): FailedFile[] {
    return [...this.#failed.values()];
  }

  get numbers(): number[] {
    return [...this.#failed.keys()];
  }

  get unread(): FailedFile[] {
    return [...this.#unread.keys()].flatMap((number) => this.#failed.get(number) ?? []);
  }

  has(target: TransferFile): boolean {
    return this.#failed.has(target.number);
  }

  add(target: TransferFile, code: string): void {
    this.#failed.set(target.number, { path: target.file.path, code });
  }

  addUnread(target: TransferFile, code: string): void {
    this.#unread.set(target.number, target);
    this.add(target, code);
  }

  /** The sender has decided; returns the bytes that are to be sent after all. */
  decide(answer: 'again' | 'without'): number {
    let bytes = 0;
    for (const [number, { file }] of answer === 'again' ? this.#unread : []) {
      this.#failed.delete(number);
      bytes += file.size;
    }
    this.#unread.clear();
    return bytes;
  }
}
