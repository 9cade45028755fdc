import { describe, expect, test } from 'vitest';
import { SourceError, type SourceFile } from '../selection/source';
import { Api } from './api';
import type { Environment } from './environment';
import { type Disturbance, FakeServer } from './fake-server.test-data';
import { backOff, Speedometer } from './pace';
import type { MissingFiles, TransferProgress } from './progress';
import { Transfer } from './transfer';
import type { TransferFile } from './work';

const INSTANT: Environment = {
  now: () => performance.now() / 1000,
  random: () => 0.5,
  isOnline: () => true,
  wait: () => new Promise((resolve) => setTimeout(resolve, 1)),
  coder: () => Promise.resolve(null),
};

function memoryFile(path: string, size: number): SourceFile {
  const bytes = new Uint8Array(size).map((_, i) => (i * 31 + path.length) & 0xff);
  return { path, size, blob: null, read: (start, end) => Promise.resolve(bytes.slice(start, end)) };
}

function makeFiles(sizes: readonly number[]): TransferFile[] {
  return sizes.map((size, number) => ({
    number,
    file: memoryFile(`disc/${number}`, size),
    role: 'instance',
    fingerprint: String(number),
  }));
}

type Answer = 'again' | 'without';

function begin(
  files: readonly TransferFile[],
  server: FakeServer,
  missing: (asked: MissingFiles) => Answer | Promise<Answer> = () => 'without',
) {
  const seen: TransferProgress[] = [];
  const listener = {
    progress: (progress: TransferProgress) => seen.push(progress),
    missing: async (asked: MissingFiles) => missing(asked),
  };
  const transfer = new Transfer(new Api(server.fetch), 's1', files, listener, INSTANT);
  return { transfer, seen, last: () => seen.at(-1) };
}

async function expectSame(files: readonly TransferFile[], server: FakeServer): Promise<void> {
  for (const { number, file } of files) {
    expect(
      Buffer.compare(server.files.get(number)?.bytes ?? new Uint8Array(), await file.read(0, file.size)),
    ).toBe(0);
  }
}

const MANY = Array.from({ length: 60 }, (_, i) => 100_000 + i * 7919);

describe('a transfer', () => {
  test('brings every file to the server, small ones together and large ones in parts', async () => {
    const files = makeFiles([1, 70_000, 11_000_000, 5]);
    const server = new FakeServer();
    const { transfer, last } = begin(files, server);
    expect((await transfer.run()).instances).toBe(4);
    await expectSame(files, server);
    expect(last()).toMatchObject({ phase: 'done', confirmedBytes: 11_070_006, totalBytes: 11_070_006 });
  });

  test('begins with small packs on two lines and grows', async () => {
    const server = new FakeServer();
    server.latency = 60;
    await begin(makeFiles(Array.from({ length: 40 }, () => 1_000_000)), server).transfer.run();
    expect(server.packSizes[0]).toBeLessThan(2_200_000);
    expect(Math.max(...server.packSizes)).toBeGreaterThan(3_000_000);
    expect(server.mostAtOnce).toBeGreaterThan(2);
    expect(server.mostAtOnce).toBeLessThanOrEqual(6);
  });

  test.each<[string, Disturbance]>([
    ['a network that breaks', (_, count) => (count % 3 === 0 ? new TypeError('fetch failed') : null)],
    [
      'a server that is overloaded',
      (_, count) => ((count * 7919) % 11 < 4 ? new Response('', { status: 503 }) : null),
    ],
    ['requests that time out', (_, count) => (count % 4 === 1 ? new Response('', { status: 408 }) : null)],
    [
      'a limit on the rate',
      (_, count) => (count % 5 === 1 ? Response.json({ code: 'rate.limited' }, { status: 429 }) : null),
    ],
    [
      'answers that break off',
      (_, count) => (count % 4 === 2 ? new Response('{"fra', { status: 200 }) : null),
    ],
  ])('survives %s', async (_, disturbance) => {
    const files = makeFiles(MANY);
    const server = new FakeServer(disturbance);
    await begin(files, server).transfer.run();
    await expectSame(files, server);
  });

  test('makes its packs smaller when something on the way refuses large ones', async () => {
    const files = makeFiles([3_000_000, 200_000, 900_000]);
    const server = new FakeServer();
    server.maximumPack = 300_000;
    await begin(files, server).transfer.run();
    await expectSame(files, server);
    expect(Math.max(...server.packSizes)).toBeLessThanOrEqual(300_000);
  });

  test('goes on from what was confirmed and sends none of it again', async () => {
    const files = makeFiles(MANY);
    const server = new FakeServer();
    const first = begin(files, server);
    let packs = 0;
    server.onPack = () => {
      packs += 1;
      if (packs === 3) first.transfer.cancel();
    };
    await expect(first.transfer.run()).rejects.toThrow();
    expect(first.last()?.phase).toBe('cancelled');
    await begin(files, server).transfer.run();
    await expectSame(files, server);
    expect(server.repeatedBytes).toBe(0);
  });

  test('stands still while it is paused and goes on afterwards', async () => {
    const files = makeFiles(MANY);
    const server = new FakeServer();
    const { transfer, last } = begin(files, server);
    let paused = false;
    server.onPack = () => {
      if (!paused) transfer.pause();
      paused = true;
    };
    const running = transfer.run();
    await new Promise((resolve) => setTimeout(resolve, 150));
    const before = server.packSizes.length;
    expect(last()?.phase).toBe('paused');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.packSizes.length).toBe(before);
    transfer.resume();
    await running;
    await expectSame(files, server);
  });

  test('names a file that vanished and delivers the others', async () => {
    const files = makeFiles([500_000, 500_000, 500_000]);
    const gone = files[1] as TransferFile;
    files[1] = {
      ...gone,
      file: { ...gone.file, read: () => Promise.reject(new SourceError('file.vanished')) },
    };
    const server = new FakeServer();
    const { transfer, last } = begin(files, server);
    expect((await transfer.run()).instances).toBe(2);
    expect(last()).toMatchObject({
      failures: [{ path: 'disc/1', code: 'file.vanished' }],
      confirmedBytes: 1_000_000,
      totalBytes: 1_000_000,
    });
  });

  test('stops with the reason when waiting cannot help', async () => {
    const full = () => Response.json({ code: 'storage.full' }, { status: 507 });
    const server = new FakeServer((path) => (path.endsWith('/packs') ? full() : null));
    const { transfer, last } = begin(makeFiles(MANY), server);
    await expect(transfer.run()).rejects.toMatchObject({ code: 'storage.full' });
    expect(last()?.phase).toBe('failed');
  });

  test('opens the invitation again when its session ran out', async () => {
    let expired = true;
    const server = new FakeServer((path) => {
      if (path.endsWith('/open')) {
        expired = false;
        return Response.json({ token: 'new' });
      }
      return expired ? Response.json({ code: 'unauthorised' }, { status: 401 }) : null;
    });
    const api = new Api(server.fetch);
    await api.open('code');
    expired = true;
    const files = makeFiles([10]);
    const listener = { progress: () => undefined, missing: () => Promise.resolve('without' as const) };
    await new Transfer(api, 's1', files, listener, INSTANT).run();
    await expectSame(files, server);
  });
});

describe('files that cannot be read any more', () => {
  function disc(code: 'file.vanished' | 'file.changed') {
    const files = makeFiles([500_000, 500_000]);
    const state = { isThere: false };
    const gone = files[1] as TransferFile;
    const read = (start: number, end: number) =>
      state.isThere ? gone.file.read(start, end) : Promise.reject(new SourceError(code));
    files[1] = { ...gone, file: { ...gone.file, read } };
    return { files, state, whole: makeFiles([500_000, 500_000]) };
  }

  test('are asked about before anything is handed over, and are sent once they are back', async () => {
    const { files, state, whole } = disc('file.vanished');
    const server = new FakeServer();
    const asked: MissingFiles[] = [];
    const { transfer, last, seen } = begin(files, server, (missing) => {
      asked.push(missing);
      expect(server.finished).toBe(0);
      state.isThere = asked.length === 2;
      return 'again';
    });
    expect((await transfer.run()).instances).toBe(2);
    await expectSame(whole, server);
    expect(asked[0]).toEqual({ files: [{ path: 'disc/1', code: 'file.vanished' }], canHandOver: true });
    expect(asked).toHaveLength(2);
    expect(seen.map(({ phase }) => phase)).toContain('asking');
    expect(last()).toMatchObject({ failures: [], confirmedBytes: 1_000_000, totalBytes: 1_000_000 });
    expect(server.repeatedBytes).toBe(0);
  });

  test('leave nothing to hand over when they were all', async () => {
    const { files } = disc('file.changed');
    const only = files.slice(1);
    let asked: MissingFiles | null = null;
    const { transfer } = begin(only, new FakeServer(), (missing) => {
      asked = missing;
      transfer.cancel();
      return 'again';
    });
    await expect(transfer.run()).rejects.toThrow();
    expect(asked).toEqual({ files: [{ path: 'disc/1', code: 'file.changed' }], canHandOver: false });
  });
});

test('waits grow, are jittered and stay bounded', () => {
  expect(backOff(1, () => 0)).toBe(500);
  expect(backOff(3, () => 1)).toBe(4000);
  expect(backOff(30, () => 1)).toBe(30_000);
});

test('the time left is smoothed', () => {
  const speed = new Speedometer();
  for (let second = 0; second <= 10; second += 1) speed.observe(second * 1000, second);
  expect(speed.secondsLeft(10_000)).toBeCloseTo(10, 5);
  speed.observe(10_000, 11);
  expect(speed.secondsLeft(10_000)).toBeLessThan(12);
});
