/** A portal in memory that obeys the contract of the real one, and fails when told to. */
import { createHash } from 'node:crypto';
import { readPack } from './pack-reader.test-data';

interface Stored {
  fingerprint: string;
  size: number;
  bytes: Uint8Array;
  received: [number, number][];
}

/** Called for each request: an answer or an error to give instead of the real one. */
export type Disturbance = (path: string, count: number) => Response | Error | null;

export class FakeServer {
  readonly files = new Map<number, Stored>();
  readonly packSizes: number[] = [];
  requests = 0;
  atOnce = 0;
  mostAtOnce = 0;
  repeatedBytes = 0;
  codedFrames = 0;
  /** Refuses every coded frame, as if the original did not come out. */
  cannotUnpack = false;
  finished = 0;
  /** Milliseconds before each answer. */
  latency = 1;
  maximumPack = Number.POSITIVE_INFINITY;
  onPack: () => void = () => undefined;

  constructor(private readonly disturb: Disturbance = () => null) {}

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    this.requests += 1;
    this.atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce);
    try {
      await new Promise((resolve) => setTimeout(resolve, this.latency));
      init.signal?.throwIfAborted();
      const instead = this.disturb(url, this.requests);
      if (instead instanceof Error) throw instead;
      return instead ?? (await this.#answer(url, init));
    } finally {
      this.atOnce -= 1;
    }
  };

  async #answer(url: string, init: RequestInit): Promise<Response> {
    if (url.endsWith('/packs')) return this.#pack(init.body as Blob);
    if (url.endsWith('/finish')) return this.#finish(JSON.parse(String(init.body)));
    if (init.method === 'PUT') return this.#announce(JSON.parse(String(init.body)));
    return Response.json({
      files: [...this.files].map(([number, file]) => stateOf(number, file)),
      next: null,
    });
  }

  #announce({ files }: { files: { number: number; size: number; fingerprint: string }[] }): Response {
    for (const { number, size, fingerprint } of files) {
      if (!this.files.has(number))
        this.files.set(number, { fingerprint, size, bytes: new Uint8Array(size), received: [] });
    }
    return Response.json({ announced: files.length, encodings: ['gzip'] });
  }

  async #pack(body: Blob): Promise<Response> {
    if (body.size > this.maximumPack) return new Response('too large', { status: 413 });
    this.packSizes.push(body.size);
    const frames = readPack(new Uint8Array(await body.arrayBuffer())).map((frame) => {
      const file = this.files.get(frame.file);
      const digest = createHash('sha256').update(frame.bytes).digest('hex');
      if (!file)
        return { file: frame.file, offset: frame.offset, result: 'refused', code: 'frame.unknown_file' };
      if (frame.encoding !== 'identity') this.codedFrames += 1;
      if (this.cannotUnpack && frame.encoding !== 'identity')
        return { file: frame.file, offset: frame.offset, result: 'refused', code: 'frame.coding' };
      if (digest !== frame.sha256) return { ...frame, result: 'refused', code: 'frame.digest' };
      const known = file.received.some(
        ([offset, length]) => offset === frame.offset && length === frame.bytes.length,
      );
      if (known) this.repeatedBytes += frame.bytes.length;
      else file.received.push([frame.offset, frame.bytes.length]);
      file.bytes.set(frame.bytes, frame.offset);
      return { file: frame.file, offset: frame.offset, result: known ? 'known' : 'confirmed' };
    });
    this.onPack();
    return Response.json({ frames });
  }

  #finish({ file_count, unreadable = [] }: { file_count: number; unreadable?: number[] }): Response {
    this.finished += 1;
    const missing = [...this.files].filter(
      ([number, file]) => !isWhole(file) && !unreadable.includes(number),
    ).length;
    if (missing > 0) {
      return Response.json({ code: 'transfer.incomplete', params: { missing } }, { status: 409 });
    }
    return Response.json({
      reference: 'R-1',
      instances: file_count,
      documents: 0,
      attachments: 0,
      studies: [],
      refused: [],
    });
  }
}

function isWhole(file: Stored): boolean {
  return file.received.reduce((sum, [, length]) => sum + length, 0) === file.size;
}

function stateOf(number: number, file: Stored) {
  const { fingerprint } = file;
  if (isWhole(file)) return { number, fingerprint, state: 'stored' };
  return file.received.length > 0
    ? { number, fingerprint, state: 'partial', received: file.received }
    : { number, fingerprint, state: 'announced' };
}
