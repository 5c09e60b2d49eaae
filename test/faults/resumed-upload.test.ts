import { UploadPartCommand } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { appendFileSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { CustomerKey } from '../../src/keys/customer-key.ts';
import { FileSource } from '../../src/transfer/file-source.ts';
import { unit } from '../support/small-plans.ts';
import { rejected } from '../unit/support/thrown.ts';
import { type World, sandboxed } from './sandboxed.ts';
import { customerKey } from './support.ts';
import { content, fileOf, partSize, partsSent, put, storedBytes } from './upload.ts';

vi.mock('../../src/transfer/part-plan.ts', async (original) =>
  (await import('../support/small-plans.ts')).smallPlans(await original()),
);

type PutOptions = Parameters<typeof put>[1];

/** An upload that has all of its parts and was not completed. */
async function interrupted(options: Parameters<typeof sandboxed>[0] = {}): Promise<World> {
  const world = await sandboxed({ faults: ['fail CompleteMultipartUpload 503 SlowDown'], ...options });
  const path = fileOf(world);
  // a time that any file system can keep
  utimesSync(path, 1_700_000_000, 1_700_000_000);
  expect((await rejected(put(world))).code).toBe('THROTTLED');
  expect(world.journals()).toHaveLength(1);
  world.events.length = 0;
  world.requests.length = 0;
  return world;
}

function journalOf(world: World): string {
  const [name = ''] = readdirSync(world.journal.folder);
  return join(world.journal.folder, name);
}

/** Puts again, as another run would. */
async function again(world: World, options: PutOptions = {}) {
  const notices: string[] = [];
  let resumed = 0;
  let progress = 0;
  const result = await put(world, {
    client: world.again(),
    onNotice: (message) => notices.push(message),
    onResumed: (bytes) => (resumed = bytes),
    onProgress: (bytes) => (progress = bytes),
    ...options,
  });
  expect(progress).toBe(result.size);
  expect(await world.uploads()).toEqual([]);
  expect(world.journals()).toEqual([]);
  return { result, notices, resumed, sent: [...partsSent(world)].sort((a, b) => a - b) };
}

describe('an upload that goes on', () => {
  test('sends nothing that the server has', async () => {
    const world = await interrupted();
    const { result, notices, resumed, sent } = await again(world);
    expect(sent).toEqual([]);
    expect(resumed).toBe(content.length);
    expect(notices).toEqual([]);
    expect(result).toMatchObject({ size: content.length, proof: 'CRC32' });
    expect(world.count('CreateMultipartUpload')).toBe(0);
    expect((await storedBytes(world)).equals(content)).toBe(true);
  });

  test('whatever happened to its parts, its notes and its file: what is stored is the file', async () => {
    const fates = fc.array(
      fc.constantFrom('done', 'no line', 'other etag', 'other crc', 'other size', 'replaced', 'file changed'),
      { minLength: 4, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(fates, fc.boolean(), async (fate, isCut) => {
        const world = await interrupted();
        const bytes = Buffer.from(content);
        const [head = '', ...lines] = readFileSync(journalOf(world), 'utf8').trimEnd().split('\n');
        const { uploadId } = JSON.parse(head) as { uploadId: string };
        const kept: string[] = [head];
        for (const line of lines) {
          const part = JSON.parse(line) as { number: number; etag: string; crc32: string; size: number };
          const start = (part.number - 1) * partSize;
          switch (fate[part.number - 1]) {
            case 'no line':
              continue;
            case 'other etag':
              part.etag = `"${'0'.repeat(32)}"`;
              break;
            case 'other crc':
              part.crc32 = 'AAAAAA==';
              break;
            case 'other size':
              part.size -= 1;
              break;
            case 'replaced':
              await world.plain.send(
                new UploadPartCommand({
                  Bucket: 'bucket',
                  Key: 'k',
                  UploadId: uploadId,
                  PartNumber: part.number,
                  Body: Buffer.alloc(part.size),
                  ChecksumAlgorithm: 'CRC32',
                  ...customerKey.requestFields(),
                }),
              );
              break;
            case 'file changed':
              bytes[start + 10]! ^= 1;
              break;
            default:
          }
          kept.push(JSON.stringify(part));
        }
        // a crash in the middle of the next line
        writeFileSync(journalOf(world), kept.join('\n') + (isCut ? '\n{"number":1,"si' : ''));
        writeFileSync(fileOf(world), bytes);
        utimesSync(fileOf(world), 1_700_000_000, 1_700_000_000);

        const { sent, notices } = await again(world);
        expect(notices).toEqual([]);
        const wanted = fate.flatMap((what, index) => (what === 'done' ? [] : [index + 1]));
        expect(sent).toEqual(wanted);
        expect((await storedBytes(world)).equals(bytes)).toBe(true);
      }),
      { numRuns: 15 },
    );
  });

  test('cut off twice, it goes on twice', async () => {
    const world = await interrupted({
      faults: ['fail UploadPart 503 SlowDown part 4', 'fail CompleteMultipartUpload 503 SlowDown'],
    });
    expect((await rejected(put(world, { client: world.again() }))).code).toBe('THROTTLED');
    await again(world);
    expect(world.count('CreateMultipartUpload')).toBe(0);
    expect((await storedBytes(world)).equals(content)).toBe(true);
  });

  test('was finished, and nobody heard of it: nothing is sent', async () => {
    const world = await sandboxed({
      faults: ['drop-answer CompleteMultipartUpload', 'fail HeadObject 503 SlowDown x2'],
    });
    expect((await rejected(put(world))).code).toBe('NETWORK');
    // nor does this run hear of it: that is no reason to send everything again
    expect((await rejected(put(world, { client: world.again() }))).code).toBe('SERVICE_UNAVAILABLE');
    expect(world.count('CreateMultipartUpload')).toBe(1);
    expect(world.journals()).toHaveLength(1);
    world.events.length = 0;
    const notices: string[] = [];
    const result = await put(world, {
      client: world.again(),
      onNotice: (message) => notices.push(message),
    });
    expect(result).toMatchObject({ size: content.length, proof: 'CRC32' });
    expect(world.events.map(({ method }) => method)).toEqual(['GET', 'HEAD']);
    expect(notices).toEqual([]);
    expect(world.journals()).toEqual([]);
  });
});

describe('an upload that starts anew, and says so', () => {
  const other = CustomerKey.fromBytes(Buffer.alloc(32, 9));
  const starts: [string, (world: World) => PutOptions, string][] = [
    [
      'the file has changed',
      (world) => {
        appendFileSync(fileOf(world), 'more');
        return {};
      },
      'the file has changed since',
    ],
    [
      'the file is of another time',
      (world) => {
        utimesSync(fileOf(world), 1_700_000_001, 1_700_000_001);
        return {};
      },
      'the file has changed since',
    ],
    ['another key', () => ({ customerKey: other }), 'the key is another since'],
    ['another part size', () => ({ partSize: 6 * unit }), 'the part size is another since'],
    [
      'other metadata',
      () => ({ metadata: { a: 'b' } }),
      'metadata, tags, content type, headers or storage class are others since',
    ],
  ];
  test.for(starts)('%s', async ([, change, why]) => {
    const world = await interrupted();
    const [old] = await world.uploads();
    const options = change(world);
    const { notices, resumed } = await again(world, options);
    expect(notices).toEqual([`an unfinished upload was found, but ${why}; it starts anew`]);
    expect(resumed).toBe(0);
    const aborted = world.requests.filter(({ operation }) => operation === 'AbortMultipartUpload');
    expect(aborted.map(({ path }) => new URL(path, 'https://x').searchParams.get('uploadId'))).toEqual([old]);
    const stored = await storedBytes(world, 'k', options?.customerKey);
    expect(stored.equals(readFileSync(fileOf(world)))).toBe(true);
  });

  test('the server does not have it any more', async () => {
    const world = await interrupted({
      faults: ['fail CompleteMultipartUpload 503 SlowDown', 'fail ListParts 404 NoSuchUpload'],
    });
    const notices: string[] = [];
    await put(world, { client: world.again(), onNotice: (message) => notices.push(message) });
    expect(notices).toEqual([
      'an unfinished upload was found, but the server does not have it any more; it starts anew',
    ]);
    expect(partsSent(world)).toHaveLength(4);
  });

  test('its parts may not be listed', async () => {
    const world = await interrupted({ denyActions: ['s3:ListMultipartUploadParts'] });
    const { notices, sent } = await again(world);
    expect(notices).toEqual([
      'an unfinished upload was found, but the server does not list its parts; it starts anew',
    ]);
    expect(sent).toEqual([1, 2, 3, 4]);
  });

  test('a journal of garbage is no journal', async () => {
    const world = await interrupted();
    writeFileSync(journalOf(world), '\0\0{"kind":"put"}\nnull\n[]\n{"number":1}\n{');
    const notices: string[] = [];
    await put(world, { client: world.again(), onNotice: (message) => notices.push(message) });
    expect(notices).toEqual([]);
    expect(partsSent(world)).toHaveLength(4);
    expect(world.journals()).toEqual([]);
    expect((await storedBytes(world)).equals(content)).toBe(true);
  });
});

describe('an upload that cannot go on now', () => {
  test('keeps what there is, and lets go of it', async () => {
    const world = await interrupted({
      faults: ['fail CompleteMultipartUpload 503 SlowDown', 'fail ListParts 503 SlowDown'],
    });
    expect((await rejected(put(world, { client: world.again() }))).code).toBe('THROTTLED');
    expect(world.journals()).toHaveLength(1);
    const { sent, notices } = await again(world);
    expect(sent).toEqual([]);
    expect(notices).toEqual([]);
  });

  test('the same upload twice at once: the second is noted nowhere and right', async () => {
    let begun!: () => void;
    const first = new Promise<void>((done) => (begun = done));
    let noticed!: () => void;
    const second = new Promise<void>((done) => (noticed = done));
    // the first is not answered before the second has found it
    const world = await sandboxed({
      onRequest: () => {
        begun();
        return second;
      },
    });
    const notices: string[] = [];
    const uploads = [put(world)];
    await first;
    uploads.push(
      put(world, {
        onNotice: (message) => {
          notices.push(message);
          noticed();
        },
      }),
    );
    const both = await Promise.all(uploads);
    expect(both.map(({ proof }) => proof)).toEqual(['CRC32', 'CRC32']);
    expect(notices).toEqual(['the same transfer runs already; this one cannot be gone on with later']);
    expect(world.journals()).toEqual([]);
    expect(await world.uploads()).toEqual([]);
  });

  test('no file of the state folder is left where it was removed meanwhile', async () => {
    const world = await interrupted();
    rmSync(world.journal.folder, { recursive: true });
    const source = await FileSource.open(fileOf(world), 'big.bin');
    await put(world, { client: world.again(), source });
    expect(world.journals()).toEqual([]);
    // nothing tells of the old one any more
    expect(await world.uploads()).toHaveLength(1);
  });
});
