import { createHash, randomUUID } from 'node:crypto';
import { linkSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

interface Owner {
  readonly pid: number;
  /** Tells the process from a later one with the same number; empty where the system does not say. */
  readonly started: string;
}

interface LockFile {
  /** Undefined where it cannot be read as a lock. */
  readonly owner: Owner | undefined;
  /** Of this very lock: no two have the same. */
  readonly digest: string;
  readonly changedAt: number;
  readonly text: string;
}

type Attempt =
  | { readonly is: 'ours'; readonly release: () => void }
  | { readonly is: 'theirs'; readonly owner: Owner }
  /** Somebody is about to write it, or to take it over. */
  | { readonly is: 'unsettled' };

/** How long a lock that says nothing is taken for one that is being written. */
const graceMs = 500;
const patienceMs = 5000;

/** Files that this process holds, for systems that do not say when a process started. */
const held = new Set<string>();

/** Takes the folder for this process, or throws; gives back how to let it go. */
export async function lockFolder(folder: string): Promise<() => void> {
  // A folder has one lock, by whatever name it was reached.
  const file = join(realpathSync(folder), 'lock');
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const attempt = take(file);
    if (attempt.is === 'ours') return attempt.release;
    if (attempt.is === 'theirs' || Date.now() > deadline) {
      const who = attempt.is === 'theirs' ? ` (process ${attempt.owner.pid})` : '';
      throw new Error(`${folder} is in use by another sandbox${who}; stop it, or choose another folder`);
    }
    await sleep(20);
  }
}

/** Whether a file in a sandbox's folder is the lock, or serves to take it. */
export function isLockFile(name: string): boolean {
  return name === 'lock' || name.startsWith('lock.');
}

function take(file: string): Attempt {
  for (;;) {
    const release = place(file);
    if (release !== undefined) return { is: 'ours', release };
    const found = read(file);
    if (found === undefined) continue;
    if (found.owner === undefined && Math.abs(Date.now() - found.changedAt) < graceMs)
      return { is: 'unsettled' };
    if (found.owner !== undefined && isAlive(found.owner, file)) return { is: 'theirs', owner: found.owner };
    // Stale. Whoever holds the claim on this very lock may remove it, and nobody else: one that came too late
    // finds another lock, which its claim is not for. A claim goes stale like any lock.
    const claim = take(`${file}.${found.digest}`);
    if (claim.is !== 'ours') return { is: 'unsettled' };
    try {
      if (read(file)?.digest === found.digest) rmSync(file, { force: true });
    } finally {
      claim.release();
    }
  }
}

/** Makes the lock, whole from its first moment on; undefined where there is one. */
function place(file: string): (() => void) | undefined {
  const id = randomUUID();
  const fresh = `${file}.${id}`;
  const owner: Owner = { pid: process.pid, started: startOf(process.pid) };
  const text = JSON.stringify({ ...owner, id });
  writeFileSync(fresh, text, { flag: 'wx', mode: 0o600 });
  try {
    linkSync(fresh, file);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(codeOf(error))) throw error;
    // a file system without links: the lock is half written for a moment, which others wait out
    try {
      writeFileSync(file, text, { flag: 'wx', mode: 0o600 });
    } catch (taken) {
      if (codeOf(taken) === 'EEXIST') return undefined;
      throw taken;
    }
  } finally {
    rmSync(fresh, { force: true });
  }
  held.add(file);
  return () => {
    held.delete(file);
    if (read(file)?.text === text) rmSync(file, { force: true });
  };
}

function read(file: string): LockFile | undefined {
  try {
    const { ino, mtimeMs } = statSync(file);
    const text = readFileSync(file, 'utf8');
    const digest = createHash('sha256').update(`${ino} ${text}`).digest('hex').slice(0, 32);
    return { owner: readOwner(text), digest, changedAt: mtimeMs, text };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function readOwner(text: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('started' in value))
      return undefined;
    const { pid, started } = value;
    return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(owner: Owner, file: string): boolean {
  const started = startOf(owner.pid);
  if (started !== '' && owner.started !== '') return started === owner.started;
  // Our own number may be that of an earlier container.
  if (owner.pid === process.pid) return held.has(file);
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Clock ticks from the boot to the start of a process, on Linux: field 22 of its stat file. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is a name in parentheses, which may hold spaces.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
