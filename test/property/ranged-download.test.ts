import type { GetObjectCommand } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import type { SsecClient } from '../../src/client.ts';
import { SsecError } from '../../src/errors.ts';
import { CustomerKey } from '../../src/keys/customer-key.ts';
import type { ObjectHead } from '../../src/object-head.ts';
import { openFileTarget } from '../../src/transfer/atomic-file.ts';
import { createChecksum } from '../../src/transfer/checksum.ts';
import { DownloadJournal } from '../../src/transfer/download-journal.ts';
import { downloadInOrder } from '../../src/transfer/ordered-download.ts';
import { type PartPlan, pieceOf } from '../../src/transfer/part-plan.ts';
import { RangedObject } from '../../src/transfer/ranged-object.ts';
import { type RangedDownload, downloadRanges } from '../../src/transfer/ranged-download.ts';
import { RequestSlots } from '../../src/transfer/request-slots.ts';
import { type PositionedSink, isPositioned } from '../../src/transfer/sink.ts';
import { TransferProgress } from '../../src/transfer/transfer-progress.ts';
import { temporaryFolders } from '../support/temp-folder.ts';

// tries follow each other at once
vi.mock('node:timers/promises', () => ({ setTimeout: () => Promise.resolve() }));

const freshFolder = temporaryFolders('ranges');
const customerKey = CustomerKey.fromBytes(Buffer.alloc(32, 7));
const echo = { SSECustomerAlgorithm: 'AES256', SSECustomerKeyMD5: customerKey.md5 };

/** How bodies come: in chunks of these sizes, and some of them break off after so many bytes. */
interface Wire {
  readonly chunks: readonly number[];
  /** One number a request: bytes after which it breaks; undefined = it comes to its end. */
  readonly breaks: readonly (number | undefined)[];
}

const wires: fc.Arbitrary<Wire> = fc.record({
  chunks: fc.array(fc.integer({ min: 5, max: 70 }), { minLength: 1, maxLength: 5 }),
  breaks: fc.array(fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }), { maxLength: 8 }),
});
const cuts = fc
  .record({ size: fc.integer({ min: 1, max: 300 }), partSize: fc.integer({ min: 20, max: 90 }) })
  .map(({ size, partSize }): PartPlan => ({ size, partSize, count: Math.ceil(size / partSize) }));

/** A server of one object, without a network. */
class Store {
  readonly content: Buffer;
  readonly head: ObjectHead;
  readonly ranges: string[] = [];
  readonly client: SsecClient;
  readonly #wire: Wire;
  #bodies = 0;

  constructor(content: Buffer, wire: Wire, concurrency = 3) {
    this.content = content;
    this.#wire = wire;
    this.head = {
      bucket: 'bucket',
      key: 'k',
      size: content.length,
      etag: '"e"',
      lastModified: undefined,
      contentType: undefined,
      contentRange: undefined,
      versionId: undefined,
      metadata: {},
      checksum: undefined,
      composite: undefined,
      encrypted: true,
    };
    const send = (command: GetObjectCommand) => {
      const { Range = '' } = command.input;
      this.ranges.push(Range);
      const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(Range) ?? [];
      const bytes = this.content.subarray(Number(first), Number(last) + 1);
      return Promise.resolve({
        Body: this.body(bytes),
        ETag: '"e"',
        ContentLength: bytes.length,
        ContentRange: `bytes ${first}-${last}/${this.content.length}`,
        ...echo,
      });
    };
    const slots = new RequestSlots(concurrency);
    const client = { send, slots, partWeight: 1, maxAttempts: 100, endpoint: undefined };
    this.client = client as unknown as SsecClient;
  }

  body(bytes: Buffer): Readable {
    const { chunks, breaks } = this.#wire;
    const end = breaks[this.#bodies++] ?? bytes.length;
    const pieces = function* () {
      for (let at = 0, i = 0; at < Math.min(end, bytes.length); i++) {
        const size = Math.min(chunks[i % chunks.length] ?? 1, Math.min(end, bytes.length) - at);
        yield Buffer.from(bytes.subarray(at, at + size));
        at += size;
      }
      if (end < bytes.length) throw Object.assign(new Error('broken'), { code: 'ECONNRESET' });
    };
    return Readable.from(pieces(), { objectMode: false });
  }

  get object(): RangedObject {
    const request = { operation: 'GetObject', bucket: 'bucket', key: 'k', customerKeySent: true };
    return new RangedObject(this.head, {
      client: this.client,
      customerKey,
      request: { ...request, endpoint: undefined },
    });
  }
}

async function openSink(path: string, temporaryName?: string): Promise<PositionedSink> {
  const sink = await openFileTarget(path, temporaryName === undefined ? {} : { temporaryName });
  if (!isPositioned(sink)) throw new Error('no file');
  return sink;
}

function download(store: Store, plan: PartPlan, sink: PositionedSink): RangedDownload {
  return {
    client: store.client,
    object: store.object,
    plan,
    algorithm: 'CRC32',
    sink,
    journal: undefined,
    progress: new TransferProgress({}),
    signal: undefined,
  };
}

async function crc32(bytes: Uint8Array): Promise<string> {
  const sum = await createChecksum('CRC32');
  sum.update(bytes);
  return sum.digest();
}

describe('an object in ranges', () => {
  test('comes together in a file, however its bodies come and break', async () => {
    await fc.assert(
      fc.asyncProperty(cuts, wires, fc.boolean(), async (plan, wire, isOpened) => {
        const store = new Store(randomBytes(plan.size), wire);
        const path = join(freshFolder(), 'copy');
        const sink = await openSink(path);
        const opened = isOpened ? store.body(store.content) : undefined;
        const begun = opened && { body: opened, release: () => undefined };
        expect(await downloadRanges(download(store, plan, sink), begun)).toBe(await crc32(store.content));
        await sink.commit();
        expect(readFileSync(path).equals(store.content)).toBe(true);
        expect(opened?.destroyed ?? true).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  test('comes in order to where it can only be written in order', async () => {
    await fc.assert(
      fc.asyncProperty(cuts, wires, async (plan, wire) => {
        const store = new Store(randomBytes(plan.size), wire);
        const came: Buffer[] = [];
        const opened = store.body(store.content);
        const progress: number[] = [];
        await downloadInOrder(
          {
            client: store.client,
            object: store.object,
            plan,
            write: async (chunk) => {
              // a slow reader: the buffer must not be filled again before this is done
              await new Promise((done) => setImmediate(done));
              came.push(Buffer.from(chunk));
            },
            progress: new TransferProgress({ onProgress: (bytes) => progress.push(bytes) }),
            signal: undefined,
          },
          { body: opened, release: () => undefined },
        );
        expect(Buffer.concat(came).equals(store.content)).toBe(true);
        expect(progress.at(-1)).toBe(plan.size);
        expect(opened.destroyed).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('goes on where a body broke, and asks for no byte twice that it has', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 300 }), wires, async (size, wire) => {
        const store = new Store(randomBytes(size), wire);
        const came: Buffer[] = [];
        await store.object.read(
          0,
          size,
          (chunk) => {
            came.push(Buffer.from(chunk));
            return Promise.resolve();
          },
          undefined,
        );
        expect(Buffer.concat(came).equals(store.content)).toBe(true);
        const starts = store.ranges.map((range) => Number(/\d+/.exec(range)?.[0]));
        let at = 0;
        for (const [index, start] of starts.entries()) {
          expect(start).toBe(at);
          at += Math.min(wire.breaks[index] ?? size, size - at);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('a download that goes on', () => {
  /** What can have happened since to a range of the file, and to what is noted of it. */
  const fates = fc.array(
    fc.constantFrom('done', 'damaged', 'unnoted', 'missing', 'noted only', 'wrongly noted'),
    { minLength: 1, maxLength: 8 },
  );
  let places = 0;

  test('is byte for byte right, and fetches what is not there and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(cuts, wires, fates, fc.nat(), async (plan, wire, fate, tail) => {
        const content = randomBytes(plan.size);
        const store = new Store(content, wire);
        const folder = freshFolder();
        const path = join(folder, 'copy');
        places += 1;
        const place = { folder: join(folder, 'state'), target: ['get', `property ${places}`] };
        const options = { client: store.client, bucket: 'bucket', key: 'k', customerKey, journal: place };

        const first = await openSink(path);
        const journal = await DownloadJournal.open(options);
        if (journal === undefined) throw new Error('no journal');
        await journal.begin(store.head, plan, 'CRC32', first);
        await first.allocate(plan.size);
        const wanted = new Set<number>();
        for (let number = 1; number <= plan.count; number++) {
          const what = fate[(number - 1) % fate.length] ?? 'missing';
          const { start, size } = pieceOf(plan, number);
          const bytes = Buffer.from(content.subarray(start, start + size));
          if (what !== 'missing' && what !== 'noted only') {
            const written = Buffer.from(bytes);
            if (what === 'damaged') written[tail % size]! ^= 0x10;
            await first.writeAt(start, written);
          }
          if (what === 'done' || what === 'damaged' || what === 'noted only')
            await journal.add(number, await crc32(bytes));
          if (what === 'wrongly noted') await journal.add(number, 'AAAAAA==');
          // bytes of zeros look like what is not written yet
          if (what !== 'done' && !(what === 'noted only' && bytes.every((byte) => byte === 0)))
            wanted.add(number);
        }
        await first.keep();
        await journal.close();
        const temporary = join(folder, first.temporaryName);
        if (tail % 4 === 0) {
          // a file that lost its end
          const left = tail % (plan.size + 1);
          writeFileSync(temporary, readFileSync(temporary).subarray(0, left));
          for (let number = 1; number <= plan.count; number++) {
            const { start, size } = pieceOf(plan, number);
            const lost = content.subarray(Math.max(start, left), Math.max(start + size, left));
            if (lost.subarray(0, start + size - Math.max(start, left)).some((byte) => byte !== 0))
              wanted.add(number);
          }
        }

        const again = await DownloadJournal.find(options);
        if (again?.earlier === undefined) throw new Error('the journal is gone');
        expect(again.fits(store.head, plan, 'CRC32')).toBe(true);
        again.goOn();
        const sink = await openSink(again.earlier.path, again.earlier.temporaryName);
        expect(sink.temporaryName).toBe(first.temporaryName);
        let resumed = 0;
        const sum = await downloadRanges(
          {
            ...download(store, plan, sink),
            journal: again,
            progress: new TransferProgress({ onResumed: (bytes) => (resumed = bytes) }),
          },
          undefined,
        );
        expect(sum).toBe(await crc32(content));
        await sink.commit();
        await again.remove();
        expect(readFileSync(path).equals(content)).toBe(true);
        expect(readdirSync(folder).sort()).toEqual(['copy', 'state']);
        expect(readdirSync(place.folder)).toEqual([]);

        const asked = new Set(
          store.ranges.map((range) => Math.floor(Number(/\d+/.exec(range)?.[0]) / plan.partSize) + 1),
        );
        expect(asked).toEqual(wanted);
        const there = Array.from({ length: plan.count }, (_, i) => i + 1).filter((n) => !wanted.has(n));
        expect(resumed).toBe(there.reduce((bytes, number) => bytes + pieceOf(plan, number).size, 0));
      }),
      { numRuns: 40 },
    );
  });

  test('nothing goes on behind a failure, and the first one is thrown', async () => {
    await fc.assert(
      fc.asyncProperty(cuts, fc.nat(), async (plan, place) => {
        const store = new Store(randomBytes(plan.size), { chunks: [7], breaks: [] });
        const sink = await openSink(join(freshFolder(), 'copy'));
        let writing = 0;
        let left = place % plan.size;
        const full = new SsecError('DISK_FULL', 'No space is left.');
        const failing: PositionedSink = {
          path: sink.path,
          temporaryName: sink.temporaryName,
          allocate: (bytes) => sink.allocate(bytes),
          write: (chunk) => sink.write(chunk),
          readAt: (position, into) => sink.readAt(position, into),
          commit: () => sink.commit(),
          keep: () => sink.keep(),
          discard: () => sink.discard(),
          writeAt: async (position, chunk) => {
            writing += 1;
            await new Promise((done) => setImmediate(done));
            writing -= 1;
            left -= chunk.length;
            if (left < 0) throw full;
            await sink.writeAt(position, chunk);
          },
        };
        await expect(downloadRanges(download(store, plan, failing), undefined)).rejects.toBe(full);
        expect(writing).toBe(0);
        const asked = store.ranges.length;
        await new Promise((done) => setImmediate(done));
        expect(store.ranges.length).toBe(asked);
        await sink.discard();
      }),
      { numRuns: 20 },
    );
  });
});
