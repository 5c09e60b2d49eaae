import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type ManifestRecord, readManifest } from '../../../../src/cli/batch/manifest.ts';
import { parseShard } from '../../../../src/cli/batch/manifest/shard.ts';
import { SsecError } from '../../../../src/errors.ts';
import { readAll, readText } from '../../../support/read-manifest.ts';
import { temporaryFolders } from '../../../support/temp-folder.ts';

async function failure(promise: Promise<unknown>): Promise<SsecError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SsecError)) throw new Error('no SsecError', { cause: error });
  return error;
}

const usage = async (text: string | Uint8Array, bucket?: string): Promise<string> => {
  const error = await failure(readText(text, { bucket }));
  expect(error.code).toBe('USAGE');
  return [error.message, ...error.hints].join('\n');
};

describe('one address a line', () => {
  test('to the letter', async () => {
    expect(
      await readText('s3://one/a b \ns3://two/%20+/x\r\n\n\r\ns3://one/cr\rin it\n\ts3://x\n', {
        bucket: 'mine',
      }),
    ).toEqual([
      { bucket: 'one', key: 'a b ', number: 1 },
      { bucket: 'two', key: '%20+/x', number: 2 },
      { bucket: 'one', key: 'cr\rin it', number: 3 },
      { bucket: 'mine', key: '\ts3://x', number: 4 },
    ]);
  });

  test('bare keys, where a bucket is named', async () => {
    expect(await readText('\ufeff{odd}\n"quoted" it is\na,b\n ', { bucket: 'mine' })).toEqual([
      { bucket: 'mine', key: '{odd}', number: 1 },
      { bucket: 'mine', key: '"quoted" it is', number: 2 },
      { bucket: 'mine', key: 'a,b', number: 3 },
      { bucket: 'mine', key: ' ', number: 4 },
    ]);
  });

  test('nothing', async () => {
    expect(await readText('')).toEqual([]);
    expect(await readText('\n\r\n\n')).toEqual([]);
    expect(await readText('\ufeff')).toEqual([]);
  });

  test.each([
    ['s3://one/a\n\nb', 'Line 3 of stdin: it names no bucket.'],
    ['s3://one/', 'Line 1 of stdin: its object key is empty.'],
    [
      `s3://one/${'x'.repeat(1025)}`,
      'Line 1 of stdin: its object key is longer than S3 takes (1,024 bytes).',
    ],
    ['s3://one/a\nhttps://x/y', 'Line 2 of stdin: it is neither an address nor likely to be an object key.'],
    ['s3://\u001b[31m/a', 'Line 1 of stdin: it names no valid bucket.'],
    ['s3://b--x-s3/a', 'Line 1 of stdin: its bucket is of a kind that has no SSE-C.'],
    [`s3://one/a\ns3://one/${'x'.repeat(70_000)}`, 'Line 2 of stdin: it is over 64 KiB long.'],
    [Buffer.from('s3://one/\xff', 'latin1'), 'Line 1 of stdin: it is not UTF-8, as all object keys are.'],
  ])('%s', async (text, message) => {
    expect((await usage(text)).split('\n')[0]).toBe(message);
  });
});

describe('JSON lines', () => {
  const line = (fields: object): string => `${JSON.stringify(fields)}\n`;

  test('as ssec ls -r --json prints them', async () => {
    const nulls = { VersionId: null, IsLatest: null, DeleteMarker: null };
    const text = [
      { type: 'notice', Message: 'hm' },
      { type: 'ls', Bucket: 'one', Key: 'a\n"\u{1f511}', Size: 3, ...nulls },
      { type: 'ls', Bucket: 'one', Key: '', Size: 3, ...nulls, Key2: 1 },
    ].map(line);
    expect(await readText(text.slice(0, 2).join(''))).toEqual([
      { bucket: 'one', key: 'a\n"\u{1f511}', size: 3, number: 2 },
    ]);
    expect(await usage(text.join(''))).toContain('Line 3 of stdin: its object key is empty.');
  });

  const versions = [
    { type: 'ls', Bucket: 'one', Key: 'a', VersionId: 'v2', IsLatest: true, DeleteMarker: false, Size: 1 },
    { type: 'ls', Bucket: 'one', Key: 'a', VersionId: 'null', IsLatest: false, DeleteMarker: false, Size: 2 },
    { type: 'ls', Bucket: 'one', Key: 'b', VersionId: 'v3', IsLatest: true, DeleteMarker: true, Size: null },
    { type: 'ls', Bucket: 'one', Key: 'b', VersionId: 'v1', IsLatest: false, DeleteMarker: false, Size: 4 },
  ];

  test('of versions the current ones', async () => {
    expect(await readText(versions.map(line).join(''))).toEqual([
      { bucket: 'one', key: 'a', size: 1, number: 1 },
    ]);
  });

  test('all versions, and no delete markers', async () => {
    expect(await readText(versions.map(line).join(''), { allVersions: true })).toEqual([
      { bucket: 'one', key: 'a', versionId: 'v2', size: 1, number: 1 },
      { bucket: 'one', key: 'a', versionId: 'null', size: 2, number: 2 },
      { bucket: 'one', key: 'b', versionId: 'v1', size: 4, number: 4 },
    ]);
  });

  test('of other tools', async () => {
    const text = [
      { Key: 'a' },
      { Bucket: 'one', Key: 'b', VersionId: 'v1' },
      { bucket: 'two', key: 'c', version_id: '', size: 5, is_delete_marker: false },
      { bucket: 'two', key: 'gone', is_delete_marker: true },
    ];
    expect(await readText(text.slice(0, 2).map(line).join(''), { bucket: 'mine' })).toEqual([
      { bucket: 'mine', key: 'a', number: 1 },
      { bucket: 'one', key: 'b', versionId: 'v1', number: 2 },
    ]);
    expect(await usage(line(text[2] ?? {}))).toContain('its version id is none');
    expect(await readText(line(text[3] ?? {}))).toEqual([]);
  });

  test('results and failures of an earlier run, to do it again', async () => {
    const text = [
      { type: 'rekey', Bucket: 'one', Key: 'a', VersionId: 'v9' },
      { type: 'error', Code: 'THROTTLED', Key: 'b' },
      { type: 'error', Code: 'PARTIAL', Key: null },
      { type: 'progress', Files: 2 },
    ];
    expect(await readText(text.map(line).join(''), { bucket: 'mine' })).toEqual([
      { bucket: 'one', key: 'a', number: 1 },
      { bucket: 'mine', key: 'b', number: 2 },
    ]);
  });

  test.each([
    ['{"Key":"a"}', 'it names no bucket'],
    ['{"Bucket":"one"}', 'it has no Key'],
    ['{"Bucket":"one","Key":7}', 'its Key is no string'],
    ['{"Bucket":"one","Key":"\\ud800"}', 'its Key is not valid Unicode'],
    ['{"Bucket":"one","Key":"a","Size":"3"}', 'its Size is no number of bytes'],
    ['{"Bucket":"one","Key":"a","IsLatest":"yes"}', 'its IsLatest is neither true nor false'],
    ['{"Bucket":"one","Key":"a"', 'it is no JSON'],
    ['{"Bucket":"one","Key":"a"}\n[1]', 'it is no JSON object'],
    ['{"Bucket":"one","Key":"a"}\ns3://one/a', 'it is no JSON'],
    ['{"type":"ls-prefix","Bucket":"one","Prefix":"a/"}', 'ssec ls -r --json'],
    ['{"type":"ls-summary","Bucket":"one"}', 'names no object'],
  ])('%s', async (text, message) => {
    expect(await usage(text)).toContain(message);
  });
});

describe('S3 Inventory', () => {
  test('the current versions: plus is a blank, and nothing else is', async () => {
    const text = [
      '"one","a+b%2Bc%20d%2Fe/f%C3%A4%0A","12","2026-11-01T00:00:00.000Z","SSE-C"',
      '"one","100%25%22%2C","0","2026-11-01T00:00:00.000Z","NOT-SSE"',
    ].join('\n');
    expect(await readText(text)).toEqual([
      { bucket: 'one', key: 'a b+c d/e/fä\n', size: 12, number: 1 },
      { bucket: 'one', key: '100%",', size: 0, number: 2 },
    ]);
  });

  const versions = [
    '"one","a","v2","true","false","7","2026-11-01T00:00:00.000Z"',
    '"one","a","","false","false","6","2026-11-01T00:00:00.000Z"',
    '"one","b","v3","true","true","",""',
    '"one","b","v1","false","false","5","2026-11-01T00:00:00.000Z"',
  ].join('\n');

  test('with versions: the current ones, as what is now', async () => {
    expect(await readText(versions)).toEqual([{ bucket: 'one', key: 'a', size: 7, number: 1 }]);
  });

  test('all versions; that from before versioning is called null', async () => {
    expect(await readText(versions, { allVersions: true })).toEqual([
      { bucket: 'one', key: 'a', versionId: 'v2', size: 7, number: 1 },
      { bucket: 'one', key: 'a', versionId: 'null', size: 6, number: 2 },
      { bucket: 'one', key: 'b', versionId: 'v1', size: 5, number: 4 },
    ]);
  });

  test('the flags as older inventories write them', async () => {
    expect(await readText('"one","a","v2","True","False"')).toEqual([{ bucket: 'one', key: 'a', number: 1 }]);
  });

  test('also where a bucket is named', async () => {
    expect(await readText('"one","a"', { bucket: 'mine' })).toEqual([{ bucket: 'one', key: 'a', number: 1 }]);
  });

  test.each([
    ['"one","a","1"\n"one","b"', 'Line 2 of stdin: it has 2 fields, and those before it have 3'],
    ['"one","a","1"\n"one","b', 'its quotes do not match'],
    ['"one","a","1"x', 'its quotes do not match'],
    ['"one"', 'it has one field'],
    ['"one","100%"', 'its key is not URL-encoded'],
    ['"bucket","key","size"', 'it is a header'],
    ['"one","a","v","true","false"\n"one","b","v","","false"', 'IsLatest'],
  ])('%s', async (text, message) => {
    expect(await usage(text)).toContain(message);
  });
});

describe('what is no list', () => {
  test.each([
    [Buffer.from('PAR1\0\0'), 'Parquet'],
    [Buffer.from('ORC\0\0'), 'ORC'],
    ['{\n  "sourceBucket": "a",\n  "destinationBucket": "arn:aws:s3:::b",\n  "files": [', '.files[].key'],
    ['{"sourceBucket":"a","destinationBucket":"arn:aws:s3:::b"}', 'table of contents'],
    ['{\n  "Bucket": "one"\n}', 'jq -c'],
    ['[\n  {"Bucket": "one"}]', 'jq -c'],
    [Buffer.from('\ufeffs3://one/a\r\n', 'utf16le'), 'UTF-16'],
  ])('%s', async (text, message) => {
    expect(await usage(text)).toContain(message);
  });
});

describe('files', () => {
  const newFolder = temporaryFolders('manifest');

  test('one after the other, counted through, each of its own kind', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'a.csv.gz'), gzipSync('"one","a"\n"one","b"\n'));
    writeFileSync(join(folder, 'b'), 's3://two/c');
    const stdin = Readable.from([Buffer.from('{"Bucket":"three","Key":"d"}\n')], { objectMode: false });
    const records = await readAll(stdin, { cwd: folder, files: ['a.csv.gz', 'b', '-'] });
    expect(records.map(({ bucket, key, number }) => `${number} ${bucket}/${key}`)).toEqual([
      '1 one/a',
      '2 one/b',
      '3 two/c',
      '4 three/d',
    ]);
  });

  test('that are not there, or are a folder', async () => {
    const folder = newFolder();
    const missing = await failure(readText('', { files: ['nowhere'], cwd: folder }));
    expect([missing.code, missing.message]).toEqual(['FILE_NOT_FOUND', 'There is no manifest "nowhere".']);
    expect((await failure(readText('', { files: ['.'], cwd: folder }))).code).toBe('FILE_UNREADABLE');
    expect((await failure(readText('', { files: ['-', '-'] }))).code).toBe('USAGE');
  });

  test('what came before a bad line is given first', async () => {
    const seen: ManifestRecord[] = [];
    const stdin = Readable.from([Buffer.from('s3://one/a\ns3://one/b\ns3://one/\n')], { objectMode: false });
    const reading = (async () => {
      const signal = new AbortController().signal;
      for await (const record of readManifest({ files: ['-'], signal, io: { cwd: '/', stdin } }))
        seen.push(record);
    })();
    expect((await failure(reading)).context).toMatchObject({ manifest: 'stdin', line: 3 });
    expect(seen.map(({ key }) => key)).toEqual(['a', 'b']);
  });

  test('a pipe from which nothing comes does not hold up the end', async () => {
    const controller = new AbortController();
    const reason = new SsecError('CANCELLED', 'Interrupted.');
    const reading = readAll(new Readable({ read: () => undefined }), { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 10);
    expect(await failure(reading)).toBe(reason);
  });

  test('whoever stops early stops the reading', async () => {
    let pulled = 0;
    const stdin = new Readable({
      read() {
        pulled += 1;
        this.push(Buffer.from('s3://one/a\n'.repeat(1000)));
      },
    });
    const signal = new AbortController().signal;
    const records = readManifest({ files: ['-'], signal, io: { cwd: '/', stdin } });
    for (let i = 0; i < 1500; i++) await records.next();
    await records.return();
    expect(pulled).toBeLessThan(20);
    expect(stdin.destroyed).toBe(false);
  });
});

describe('gzip', () => {
  const text = Buffer.from(Array.from({ length: 500 }, (_, i) => `s3://one/${i}\n`).join(''));
  const two = Buffer.concat([gzipSync(text), gzipSync('s3://one/last\n')]);

  test('several, one behind the other', async () => {
    expect(await readText(two)).toHaveLength(501);
  });

  test.each([1, 5, 9, 15])('that breaks off by %d bytes is no short manifest', async (missing) => {
    const error = await failure(readText(two.subarray(0, -missing)));
    expect([error.code, error.message]).toEqual([
      'FILE_UNREADABLE',
      'The gzip data of stdin breaks off before its end.',
    ]);
  });

  test.each([
    ['text behind it', Buffer.concat([two, Buffer.from('s3://one/a\n')])],
    ['NULs and gzip behind it', Buffer.concat([two, Buffer.alloc(9), two])],
    ['a byte that is another', Buffer.concat([two.subarray(0, 40), Buffer.from([0xff]), two.subarray(41)])],
  ])('%s', async (_, bytes) => {
    const error = await failure(readText(bytes));
    expect([error.code, error.message]).toEqual(['FILE_UNREADABLE', 'The gzip data of stdin is damaged.']);
  });
});

describe('shares', () => {
  test('I/N', () => {
    expect(parseShard('0/1')).toEqual({ index: 0, count: 1 });
    expect(parseShard('99/100')).toEqual({ index: 99, count: 100 });
    expect(parseShard('999999/1000000')).toEqual({ index: 999_999, count: 1_000_000 });
  });

  test.each([
    '',
    '1',
    '1/',
    '/2',
    '1/0',
    '0/0',
    '2/2',
    '100/100',
    '-1/2',
    '1/2/3',
    '1.0/2',
    ' 0/2',
    '0/1000001',
    '0x1/2',
  ])('%s is none', (text) => {
    expect(() => parseShard(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  test('what is of another share is counted and not looked into, except for the first line', async () => {
    const text = `s3://one/a\n${'\u0000bad\n'.repeat(50)}`;
    const taken = await Promise.all(
      [...Array(50).keys()].map((index) =>
        readText(text, { shard: { index, count: 50 } }).then(
          (records) => records.length,
          () => 'bad',
        ),
      ),
    );
    expect(taken).toContain('bad');
    expect(taken).toContain(0);
  });

  test('a list with a rhythm is shared out evenly all the same', async () => {
    const pairs = Array.from(
      { length: 4000 },
      (_, i) => `"one","${i}","n${i}","true","false"\n"one","${i}","o${i}","false","false"\n`,
    ).join('');
    for (const index of [0, 1, 2, 3]) {
      const { length } = await readText(pairs, { shard: { index, count: 4 } });
      expect(length).toBeGreaterThan(850);
      expect(length).toBeLessThan(1150);
    }
  });
});
