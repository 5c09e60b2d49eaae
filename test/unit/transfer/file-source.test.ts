import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { SsecError } from '../../../src/errors.ts';
import { BytesSource } from '../../../src/transfer/bytes-source.ts';
import { createChecksum } from '../../../src/transfer/checksum.ts';
import { FileSource } from '../../../src/transfer/file-source.ts';
import { ObservedSource } from '../../../src/transfer/observed-source.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { rejected } from '../support/thrown.ts';

/** Several reads long, and not a whole number of them. */
const bytes = randomBytes(8 * 512 * 1024 + 12_345);

async function opened(content: Uint8Array = bytes): Promise<{ path: string; source: FileSource }> {
  const path = join(tempFolder(), 'data.bin');
  writeFileSync(path, content);
  const source = await FileSource.open(path, 'data.bin');
  onTestFinished(() => source.close());
  return { path, source };
}

interface Given {
  readonly data: Buffer;
  readonly error: unknown;
}

/** All that a stream gives out, and how it ends; `at` is called once, after the first chunk. */
async function drain(stream: Readable | Buffer, at: () => void = () => undefined): Promise<Given> {
  if (!(stream instanceof Readable)) return { data: stream, error: undefined };
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream) {
      chunks.push(chunk as Buffer);
      if (chunks.length === 1) at();
    }
  } catch (error) {
    return { data: Buffer.concat(chunks), error };
  }
  return { data: Buffer.concat(chunks), error: undefined };
}

describe('a file that stays as it is', () => {
  test.each([0, 1, 512 * 1024 - 1, 512 * 1024, 512 * 1024 + 1, bytes.length])(
    '%i bytes: hashed, and given out as often as asked',
    async (size) => {
      const content = bytes.subarray(0, size);
      const { source } = await opened(content);
      const sum = await createChecksum('CRC32');
      sum.update(content);
      expect(source.size).toBe(size);
      expect(await source.digest({ md5: true })).toEqual({
        crc32: await sum.digest(),
        md5: createHash('md5').update(content).digest('base64'),
      });
      for (let attempt = 0; attempt < 2; attempt++) {
        const progress: number[] = [];
        const observed = new ObservedSource(source, (taken) => progress.push(taken));
        const given = await drain(observed.open());
        expect(given.error).toBeUndefined();
        expect(given.data.equals(content)).toBe(true);
        expect(progress.at(-1) ?? 0).toBe(size);
        expect(progress).toEqual([...progress].sort((a, b) => a - b));
      }
    },
  );

  test('MD5 only where it is asked for', async () => {
    const { source } = await opened();
    expect(await source.digest({ md5: false })).toEqual({ crc32: expect.any(String) });
  });

  test('replacing it under its name does not matter: the file that was opened is sent', async () => {
    const { path, source } = await opened();
    await source.digest({ md5: false });
    writeFileSync(`${path}.new`, 'other');
    renameSync(`${path}.new`, path);
    const given = await drain(source.open());
    expect(given.error).toBeUndefined();
    expect(given.data.equals(bytes)).toBe(true);
  });
});

describe('a file that changes', () => {
  const overwrite = (path: string, position: number): void => {
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.from([(bytes[position] ?? 0) ^ 1]), 0, 1, position);
    closeSync(file);
  };
  const keepingTime = (path: string, change: () => void): void => {
    // to the nanosecond the time cannot be put back by Node; touch can
    const before = statSync(path, { bigint: true }).mtimeNs;
    change();
    const text = `@${before / 1_000_000_000n}.${String(before % 1_000_000_000n).padStart(9, '0')}`;
    execFileSync('touch', ['-m', '-d', text, path]);
    expect(statSync(path, { bigint: true }).mtimeNs).toBe(before);
  };
  const changes: readonly (readonly [string, (path: string) => void])[] = [
    ['appended to', (path) => appendFileSync(path, 'more')],
    ['cut short', (path) => truncateSync(path, bytes.length - 1)],
    ['cut to nothing', (path) => truncateSync(path, 0)],
    ['overwritten', (path) => overwrite(path, bytes.length - 1)],
    ['overwritten, its time put back', (path) => keepingTime(path, () => overwrite(path, bytes.length - 1))],
    ['touched', (path) => utimesSync(path, new Date(), new Date(Date.now() + 5000))],
  ];

  const expectChanged = (given: Given): void => {
    expect((given.error as SsecError).code).toBe('FILE_CHANGED');
    // a server that got all bytes but the last chunk has no whole body
    expect(given.data.length).toBeLessThan(bytes.length);
  };

  test.each(changes)('%s between hashing and sending', async (_name, change) => {
    const { path, source } = await opened();
    await source.digest({ md5: false });
    change(path);
    expectChanged(await drain(source.open()));
  });

  test.each(changes)('%s while it is sent', async (_name, change) => {
    const { path, source } = await opened();
    await source.digest({ md5: false });
    expectChanged(await drain(source.open(), () => change(path)));
  });

  test('what was hashed is sent, whatever becomes of bytes that are out already', async () => {
    const { path, source } = await opened();
    await source.digest({ md5: false });
    const given = await drain(source.open(), () => keepingTime(path, () => overwrite(path, 0)));
    expect(given.error).toBeUndefined();
    expect(given.data.equals(bytes)).toBe(true);
  });

  test.each(changes.slice(1, 3))('%s before it is hashed', async (_name, change) => {
    const { path, source } = await opened();
    change(path);
    expect((await rejected(source.digest({ md5: false }))).code).toBe('FILE_CHANGED');
  });

  test('an empty file that grows', async () => {
    const { path, source } = await opened(Buffer.alloc(0));
    await source.digest({ md5: false });
    appendFileSync(path, 'x');
    const given = await drain(source.open());
    expect((given.error as SsecError).code).toBe('FILE_CHANGED');
    expect(given.data).toHaveLength(0);
  });
});

describe('what is no file to send', () => {
  test('nothing there', async () => {
    const error = await rejected(FileSource.open(join(tempFolder(), 'no'), 'no'));
    expect(error.code).toBe('FILE_NOT_FOUND');
    expect(error.message).toBe('There is no file "no".');
  });

  test('a file in the place of a folder', async () => {
    const { path } = await opened();
    expect((await rejected(FileSource.open(join(path, 'x')))).code).toBe('FILE_NOT_FOUND');
  });

  test('a directory', async () => {
    const folder = join(tempFolder(), 'photos');
    mkdirSync(folder);
    const error = await rejected(FileSource.open(folder, 'photos'));
    expect(error.code).toBe('USAGE');
    expect(error.message).toContain('"photos" is a directory');
    expect(error.hints.join()).toContain('tar');
  });

  test('a FIFO is refused without waiting for a writer', async () => {
    const path = join(tempFolder(), 'fifo');
    execFileSync('mkfifo', [path]);
    expect((await rejected(FileSource.open(path))).code).toBe('USAGE');
  });

  test.skipIf(process.getuid?.() === 0)('a file that may not be read', async () => {
    const { path } = await opened();
    chmodSync(path, 0);
    expect((await rejected(FileSource.open(path))).code).toBe('FILE_UNREADABLE');
  });

  test('an interruption ends the hashing', async () => {
    const { source } = await opened();
    await expect(source.digest({ md5: false, signal: AbortSignal.abort() })).rejects.toThrow();
  });
});

describe('bytes in memory', () => {
  test('a view is sent from its own start', async () => {
    const source = new BytesSource(new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4), 'stdin');
    expect(source.size).toBe(3);
    expect(source.open()).toEqual(Buffer.from([1, 2, 3]));
    expect(await source.digest({ md5: true })).toEqual({
      crc32: 'VbyAHQ==',
      md5: createHash('md5')
        .update(Buffer.from([1, 2, 3]))
        .digest('base64'),
    });
  });
});
