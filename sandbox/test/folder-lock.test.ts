import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startSandbox } from '../src/index.ts';
import { lockFolder } from '../src/store/folder-lock.ts';

let root = '';
let dir = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'ssec-sandbox-lock-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => {
  dir = mkdtempSync(join(root, 'dir-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const inUse = /is in use by another sandbox/;
const lock = () => join(dir, 'lock');
const deadPid = () => spawnSync('true').pid;

function writeOld(content: string): void {
  writeFileSync(lock(), content);
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(lock(), longAgo, longAgo);
}

test('belongs to one at a time, by whatever name it was reached', async () => {
  const unlock = await lockFolder(dir);
  symlinkSync(dir, join(root, 'link'));
  await expect(lockFolder(join(root, 'link'))).rejects.toThrow(`(process ${process.pid})`);
  expect(readdirSync(dir)).toEqual(['lock']);
  unlock();
  expect(readdirSync(dir)).toEqual([]);
  (await lockFolder(dir))();
});

describe('is free again after a crash', () => {
  test.each([
    ['an empty lock', ''],
    ['no lock at all', '[1]'],
    ['a process that is gone', JSON.stringify({ pid: deadPid(), started: '1' })],
    ['one that is gone, and the system does not say since when', '{"pid":999999999,"started":""}'],
    ['another process of that number', `{"pid":${process.ppid},"started":"1"}`],
    ['our number in another container', `{"pid":${process.pid},"started":""}`],
  ])('%s', async (_, left) => {
    writeOld(left);
    const unlock = await lockFolder(dir);
    expect(readFileSync(lock(), 'utf8')).toContain(`"pid":${process.pid}`);
    expect(readdirSync(dir)).toEqual(['lock']);
    unlock();
    expect(readdirSync(dir)).toEqual([]);
  });

  test('one that came while a stale lock was taken over', async () => {
    const gone = JSON.stringify({ pid: deadPid(), started: '1' });
    writeFileSync(lock(), gone);
    const { ino } = statSync(lock());
    const digest = createHash('sha256').update(`${ino} ${gone}`).digest('hex').slice(0, 32);
    writeFileSync(`${lock()}.${digest}`, gone);
    const unlock = await lockFolder(dir);
    expect(readFileSync(lock(), 'utf8')).not.toBe(gone);
    expect(readdirSync(dir)).toEqual(['lock']);
    unlock();
  });
});

test('a lock that is being written is in use', async () => {
  writeFileSync(lock(), '');
  const waiting = lockFolder(dir);
  writeFileSync(lock(), `{"pid":${process.ppid},"started":""}`);
  await expect(waiting).rejects.toThrow(`(process ${process.ppid})`);
});

test('lets go of its own lock only', async () => {
  const unlock = await lockFolder(dir);
  writeFileSync(lock(), 'of another');
  unlock();
  expect(existsSync(lock())).toBe(true);
});

test.each(['an empty folder', 'a stale lock'])('of many sandboxes one starts: %s', async (state) => {
  if (state === 'a stale lock') writeFileSync(lock(), JSON.stringify({ pid: deadPid(), started: '1' }));
  const starts = await Promise.allSettled(Array.from({ length: 12 }, () => startSandbox({ dir })));
  const [winner, ...others] = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  for (const start of starts) if (start.status === 'rejected') expect(start.reason.message).toMatch(inUse);
  expect(others).toEqual([]);
  await winner?.close();
  expect(readdirSync(dir).sort()).toEqual(['buckets', 'sandbox.json']);
});

test('of many processes one gets each folder', { timeout: 60_000 }, async () => {
  const module = join(root, 'folder-lock.mjs');
  const input = fileURLToPath(new URL('../src/store/folder-lock.ts', import.meta.url));
  await build({ input, platform: 'node', output: { file: module, format: 'esm' } });
  const folders = Array.from({ length: 60 }, (_, index) => join(dir, String(index)));
  for (const [index, folder] of folders.entries()) {
    mkdirSync(folder);
    const stale = { pid: deadPid(), started: '1' };
    if (index % 3 !== 0) writeFileSync(join(folder, 'lock'), JSON.stringify(stale));
  }
  // Each says that it is ready, waits for all, and tries one folder after the other; it ends with its input.
  const script = `
    import { lockFolder } from ${JSON.stringify(module)};
    process.stdout.write('ready\\n');
    let won = '';
    process.stdin.once('data', async () => {
      for (const folder of ${JSON.stringify(folders)}) {
        await lockFolder(folder).then(
          () => { won += folder + '\\n'; },
          (error) => { if (!${inUse}.test(error.message)) won += error.stack; },
        );
      }
      process.stdout.write(won + 'done\\n');
    });`;
  const children: ChildProcessByStdio<Writable, Readable, null>[] = Array.from({ length: 6 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  try {
    await Promise.all(children.map((child) => said(child, 'ready')));
    for (const child of children) child.stdin.write('go\n');
    const outputs = await Promise.all(children.map((child) => said(child, 'done')));
    const won = outputs.flatMap((output) => output.split('\n').slice(0, -2));
    expect(won.sort()).toEqual([...folders].sort());
    for (const folder of folders) expect(readdirSync(folder)).toEqual(['lock']);
  } finally {
    for (const child of children) child.stdin.end();
    await Promise.all(children.map((child) => text(child.stdout)));
  }
});

/** What it printed up to a line. */
function said(child: { readonly stdout: Readable }, line: string): Promise<string> {
  let output = '';
  return new Promise((resolve) => {
    child.stdout.on('data', function listen(piece: Buffer) {
      output += piece.toString();
      if (!output.endsWith(`${line}\n`)) return;
      child.stdout.off('data', listen);
      resolve(output);
    });
  });
}
