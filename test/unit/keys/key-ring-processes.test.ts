import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { CustomerKey } from '../../../src/keys/customer-key.ts';
import { KeyRing } from '../../../src/keys/key-ring.ts';
import { temporaryFolders } from '../../support/temp-folder.ts';

const bin = fileURLToPath(new URL('../../../bin/ssec.js', import.meta.url));
const freshFolder = temporaryFolders('ring-processes');

interface Ended {
  readonly stdout: string;
  readonly wasKilled: boolean;
}

/** Runs `ssec` and kills it after so many milliseconds, if it is still there. */
function ssec(folder: string, argv: readonly string[], killAfterMs?: number): Promise<Ended> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [bin, ...argv], {
      env: { SSEC_KEYRING: folder, PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    const timer =
      killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    child.once('error', failed);
    child.once('close', (_code, signal) => {
      clearTimeout(timer);
      done({ stdout, wasKilled: signal === 'SIGKILL' });
    });
  });
}

/** How long one takes that is left alone. */
async function wholeLife(folder: string): Promise<number> {
  await ssec(folder, ['keys', 'add', 'warm-up']);
  const start = performance.now();
  await Promise.all([1, 2, 3].map((i) => ssec(folder, ['keys', 'add', `measured-${i}`])));
  return performance.now() - start;
}

test('processes that add keys and are killed: what was said to be there is there, and opens', async () => {
  let life = await wholeLife(join(freshFolder(), 'measured'));
  const folder = join(freshFolder(), 'keys');
  const said = new Map<string, string>();
  let killed = 0;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < 40) {
      const name = `key-${next++}`;
      // most of them near their end, where the file operations are
      const after = life * (0.4 + 0.8 * Math.random());
      const { stdout, wasKilled } = await ssec(folder, ['keys', 'add', name, '--json'], after);
      if (wasKilled) killed++;
      // a machine may be busier by now than when it was measured: some are to be killed, and some not
      life *= wasKilled ? 1.25 : 0.85;
      if (!stdout.endsWith('\n')) continue;
      const { SSECustomerKeyMD5: md5 } = JSON.parse(stdout) as { SSECustomerKeyMD5: string };
      said.set(name, md5);
    }
  };
  await Promise.all(Array.from({ length: 6 }, worker));

  expect(killed).toBeGreaterThan(0);
  expect(said.size).toBeGreaterThan(0);
  const ring = await KeyRing.open(folder);
  expect(ring.problems).toEqual([]);
  const held = new Map(ring.keys.map(({ name, customerKey }) => [name, customerKey.md5]));
  for (const [name, md5] of said) expect(held.get(name)).toBe(md5);
  // a process that was killed before it told may have left a key as well: whole, or not at all
  await ssec(folder, ['keys', 'add', 'afterwards']);
  expect((await KeyRing.open(folder)).default).toBeDefined();
}, 120_000);

/** A file system of a few pages, where root may make one. */
function tinyDisk(): string | undefined {
  const folder = freshFolder();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24k', 'tmpfs', folder]);
  if (mounted.status !== 0) return undefined;
  onTestFinished(() => void spawnSync('umount', [folder]));
  return folder;
}

test('a disk that is full', async (context) => {
  const disk = tinyDisk();
  if (disk === undefined) return context.skip('no small file system can be made here');
  const folder = join(disk, 'keys');
  const said = new Map<string, CustomerKey>();
  const failures: unknown[] = [];
  for (let i = 0; i < 12; i++) {
    const key = CustomerKey.generate();
    const ring = await KeyRing.open(folder);
    await ring.add(`key-${i}`, key).then(
      () => said.set(`key-${i}`, key),
      (error: unknown) => failures.push(error),
    );
  }
  expect(said.size).toBeGreaterThan(1);
  expect(failures[0]).toMatchObject({ code: 'DISK_FULL' });
  const ring = await KeyRing.open(folder);
  expect(ring.problems).toEqual([]);
  for (const [name, key] of said) expect(ring.find(name).customerKey.equals(key)).toBe(true);
  // nothing is left of those that found no room
  expect(readdirSync(folder)).toHaveLength(said.size + 1);
  const before = ring.default?.name;
  await expect(ring.setDefault('key-1')).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect((await KeyRing.open(folder)).default?.name).toBe(before);
});

test('processes that retire one key and are killed: it is there, and can be retired', async () => {
  const folder = join(freshFolder(), 'keys');
  const life = await wholeLife(folder);
  for (let round = 0; round < 3; round++) {
    const name = `key-${round}`;
    await ssec(folder, ['keys', 'add', name]);
    const md5 = (await KeyRing.open(folder)).find(name).customerKey.md5;
    await Promise.all(
      Array.from({ length: 4 }, () =>
        ssec(folder, ['keys', 'retire', name], life * (0.4 + 0.8 * Math.random())),
      ),
    );
    expect((await KeyRing.open(folder)).find(name).customerKey.md5).toBe(md5);
    await ssec(folder, ['keys', 'retire', name]);
    const after = (await KeyRing.open(folder)).find(name);
    expect(after).toMatchObject({ isRetired: true });
    expect(after.customerKey.md5).toBe(md5);
    expect(existsSync(join(folder, `${name}.key`))).toBe(false);
  }
}, 120_000);
