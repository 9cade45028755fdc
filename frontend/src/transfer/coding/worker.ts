/** The worker that codes: one frame after the other, in the order in which they were asked for. */
import { type Coded, FrameCoder } from './frame-coder';

export interface Order {
  id: number;
  /** With the first order. */
  encodings?: readonly string[];
  file: number;
  offset: number;
  bytes: Uint8Array;
}

export interface Answer {
  id: number;
  coded: Coded | null;
  /** How long the coder worked. */
  seconds: number;
}

// The types of the page are in force here, too, and have another `self`.
const scope = self as unknown as {
  onmessage: (event: MessageEvent<Order>) => void;
  postMessage(answer: Answer, transfer: Transferable[]): void;
};

// Large, and wanted for uncompressed images only.
const loadEncoder = async () => (await import('./jpeg-ls')).loadEncoder();

let coder = new FrameCoder([], loadEncoder);
let turn: Promise<void> = Promise.resolve();

async function answer({ id, encodings, file, offset, bytes }: Order): Promise<void> {
  if (encodings) coder = new FrameCoder(encodings, loadEncoder);
  const begun = performance.now();
  const coded = await coder.code(file, offset, bytes).catch(() => null);
  const seconds = (performance.now() - begun) / 1000;
  scope.postMessage({ id, coded, seconds }, coded ? [coded.bytes.buffer as ArrayBuffer] : []);
}

scope.onmessage = ({ data }) => {
  turn = turn.then(() => answer(data));
};
