import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rejected } from '../unit/support/thrown.ts';
import { sandboxed } from './sandboxed.ts';
import { fileOf, partsSent, put, storedBytes } from './upload.ts';

const MiB = 1024 ** 2;
/** More than is held in memory: such parts are read while they are sent. */
const partSize = 33 * MiB;
const content = randomBytes(34 * MiB);

test('a part that is read while it is sent breaks midway, and is read and sent again', async () => {
  const world = await sandboxed(
    { faults: ['drop UploadPart after 20000000 bytes part 1'] },
    { maxAttempts: 2, concurrency: 1 },
  );
  writeFileSync(join(world.folder, 'big.bin'), content);
  let progress = 0;
  const result = await put(world, { partSize, onProgress: (bytes) => (progress = bytes) });
  expect(result).toMatchObject({ size: content.length, proof: 'CRC32' });
  expect(partsSent(world)).toEqual([1, 1, 2]);
  expect(progress).toBe(content.length);
  expect((await storedBytes(world)).equals(content)).toBe(true);
  expect(await world.uploads()).toEqual([]);
});

test('a part whose file changes between hashing and sending is not stored', async () => {
  const world = await sandboxed();
  writeFileSync(join(world.folder, 'big.bin'), content);
  const path = fileOf(world);
  let isChanged = false;
  const error = await rejected(
    put(world, {
      partSize,
      onProgress: (bytes) => {
        if (isChanged || bytes < 2 * MiB) return;
        isChanged = true;
        writeFileSync(path, Buffer.alloc(content.length));
      },
    }),
  );
  expect(error.code).toBe('FILE_CHANGED');
  expect(await world.uploads()).toEqual([]);
  expect(world.journals()).toEqual([]);
  expect(world.count('CompleteMultipartUpload')).toBe(0);
});
