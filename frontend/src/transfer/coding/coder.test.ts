import { describe, expect, test } from 'vitest';
import { Api } from '../api';
import { FakeServer } from '../fake-server.test-data';
import { Transfer } from '../transfer';
import type { TransferFile } from '../work';
import { Coder, WorkerShop, type Workshop } from './coder';
import { FrameCoder } from './frame-coder';

const none = () => Promise.reject(new Error('not there'));

/** Codes at once and in this thread; tells a speed that always pays. */
class BenchShop implements Workshop {
  readonly #coder = new FrameCoder(['gzip'], none);
  frames = 0;
  isClosed = false;
  isBroken = false;

  async code({ file, offset, bytes, length }: Parameters<Workshop['code']>[0]) {
    this.frames += 1;
    if (this.isBroken) throw new Error('broken');
    return { coded: await this.#coder.code(file, offset, bytes), seconds: length / 1e12 };
  }

  close() {
    this.isClosed = true;
  }
}

function files(count: number, size: number): TransferFile[] {
  return Array.from({ length: count }, (_, number) => ({
    number,
    file: {
      path: `disc/${number}`,
      size,
      blob: null,
      read: (start, end) => Promise.resolve(new Uint8Array(end - start).fill(number)),
    },
    role: 'instance',
    fingerprint: String(number),
  }));
}

/** Slow enough for coding to pay. */
function slowServer(): FakeServer {
  const server = new FakeServer();
  server.latency = 150;
  return server;
}

async function send(shop: Workshop, server = new FakeServer()) {
  let progress = { sentBytes: 0, confirmedBytes: 0, totalBytes: 0 };
  const environment = {
    now: () => performance.now() / 1000,
    random: () => 0.5,
    isOnline: () => true,
    wait: () => new Promise<void>((resolve) => setTimeout(resolve, 1)),
    coder: () => Promise.resolve(new Coder(shop, environment.now)),
  };
  const listener = {
    progress: (now: typeof progress) => {
      progress = now;
    },
    missing: () => Promise.resolve('without' as const),
  };
  const chosen = files(30, 900_000);
  const transfer = new Transfer(new Api(server.fetch), 's1', chosen, listener, environment);
  const receipt = await transfer.run();
  for (const { number, file } of chosen) {
    const there = server.files.get(number)?.bytes ?? new Uint8Array();
    expect(Buffer.compare(there, await file.read(0, file.size))).toBe(0);
  }
  return { receipt, progress, server };
}

describe('a transfer with a coder', () => {
  test('sends fewer bytes than the files have, and counts both', async () => {
    const shop = new BenchShop();
    const { progress, server } = await send(shop, slowServer());
    expect(server.codedFrames).toBeGreaterThan(10);
    expect(progress.confirmedBytes).toBe(27_000_000);
    expect(progress.sentBytes).toBeLessThan(15_000_000);
    expect(progress.sentBytes).toBe(server.packSizes.reduce((sum, size) => sum + size, 0));
    expect(shop.isClosed).toBe(true);
  });

  test('sends plain what the server cannot unpack, and codes nothing of that file again', async () => {
    const server = slowServer();
    server.cannotUnpack = true;
    const { receipt } = await send(new BenchShop(), server);
    expect(receipt.instances).toBe(30);
    expect(server.codedFrames).toBeGreaterThan(5);
    expect(server.codedFrames).toBeLessThanOrEqual(30);
  });

  test('goes on plain when the coder breaks', async () => {
    const shop = new BenchShop();
    shop.isBroken = true;
    const { server } = await send(shop, slowServer());
    expect(server.codedFrames).toBe(0);
    expect(shop.frames).toBeGreaterThan(0);
    expect(shop.frames).toBeLessThan(30);
  });
});

test('a worker that cannot be loaded ends the coding, not the upload', async () => {
  const dead = {
    onmessage: null,
    onerror: null as null | ((event: unknown) => void),
    terminate: () => undefined,
  };
  const worker = { ...dead, postMessage: () => setTimeout(() => worker.onerror?.(new Event('error'))) };
  const { receipt, server } = await send(
    new WorkerShop(['gzip'], () => worker as unknown as Worker),
    slowServer(),
  );
  expect(receipt.instances).toBe(30);
  expect(server.codedFrames).toBe(0);
});
