import fs, { chownSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { join } from 'node:path';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { openFileTarget } from '../../../src/transfer/atomic-file.ts';
import type { Sink } from '../../../src/transfer/sink.ts';
import { SmallFileSink } from '../../../src/transfer/small-file-sink.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { rejected } from '../support/thrown.ts';

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

async function write(sink: Sink): Promise<void> {
  await sink.write(Buffer.from('new'));
  await sink.commit();
}

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

/** What small files and large ones have in common. */
describe.each([
  [
    'small',
    (path: string, noOverwrite: boolean): Sink => new SmallFileSink(path, 3, { name: 'a', noOverwrite }),
  ],
  ['large', (path: string, noOverwrite: boolean): Promise<Sink> => openFileTarget(path, { noOverwrite })],
])('a %s file', (_size, open) => {
  test('replaces none that may not be written', async () => {
    const path = join(tempFolder(), 'a');
    writeFileSync(path, 'old');
    // root may write everything
    vi.spyOn(fs, 'accessSync').mockImplementation(() => {
      throw failure('EACCES');
    });
    syncBuiltinESMExports();
    const error = await rejected(Promise.resolve().then(async () => write(await open(path, false))));
    expect(error.code).toBe('FILE_UNWRITABLE');
    expect(readFileSync(path, 'utf8')).toBe('old');
  });

  test.runIf(process.geteuid?.() === 0)('keeps the owner of the one that it replaces', async () => {
    const path = join(tempFolder(), 'a');
    writeFileSync(path, 'old', { mode: 0o640 });
    chownSync(path, 65_534, 65_533);
    await write(await open(path, false));
    expect(statSync(path)).toMatchObject({ uid: 65_534, gid: 65_533 });
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readFileSync(path, 'utf8')).toBe('new');
  });

  test('leaves no empty file where links are unknown and the rename fails', async () => {
    const folder = tempFolder();
    vi.spyOn(promises, 'link').mockRejectedValue(failure('EPERM'));
    vi.spyOn(promises, 'rename').mockRejectedValue(failure('EIO'));
    vi.spyOn(fs, 'linkSync').mockImplementation(() => {
      throw failure('EPERM');
    });
    vi.spyOn(fs, 'renameSync').mockImplementation(() => {
      throw failure('EIO');
    });
    syncBuiltinESMExports();
    const error = await rejected(Promise.resolve(open(join(folder, 'a'), true)).then(write));
    expect(error.code).toBe('FILE_UNWRITABLE');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('takes a free name where links are unknown', async () => {
    const folder = tempFolder();
    vi.spyOn(promises, 'link').mockRejectedValue(failure('EPERM'));
    syncBuiltinESMExports();
    await write(await open(join(folder, 'a'), true));
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('new');
    expect(readdirSync(folder)).toEqual(['a']);
  });
});
