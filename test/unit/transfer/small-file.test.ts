import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BytesSource } from '../../../src/transfer/bytes-source.ts';
import { FileSource } from '../../../src/transfer/file-source.ts';
import { SMALL_FILE_BYTES, openFile } from '../../../src/transfer/small-file.ts';
import { rejected } from '../support/thrown.ts';
import { tempFolder } from '../support/temp-folder.ts';

describe('openFile', () => {
  test.each([0, 1, 4096, SMALL_FILE_BYTES])('%i bytes stand in memory', async (size) => {
    const path = join(tempFolder(), 'a');
    const content = Buffer.alloc(size, 'abc');
    writeFileSync(path, content);
    const source = await openFile(path, 'a');
    expect(source).toBeInstanceOf(BytesSource);
    expect(source.name).toBe('a');
    const read = Buffer.alloc(size);
    await source.read(0, read);
    expect(source.size).toBe(size);
    expect(read.equals(content)).toBe(true);
  });

  test('a larger file stays where it is', async () => {
    const path = join(tempFolder(), 'a');
    writeFileSync(path, Buffer.alloc(SMALL_FILE_BYTES + 1));
    const source = await openFile(path, 'a');
    expect(source).toBeInstanceOf(FileSource);
    await source.close();
  });

  test('what is no file', async () => {
    const folder = tempFolder();
    mkdirSync(join(folder, 'sub'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    expect((await rejected(openFile(join(folder, 'gone'), 'gone'))).message).toBe('There is no file "gone".');
    expect((await rejected(openFile(join(folder, 'sub'), 'sub'))).message).toContain('not a regular file');
    expect((await rejected(openFile(join(folder, 'pipe'), 'pipe'))).code).toBe('USAGE');
  });

  test.skipIf(process.platform !== 'linux')('a file that hides its size', async () => {
    expect((await rejected(openFile('/proc/self/status', 'status'))).code).toBe('FILE_CHANGED');
  });
});
