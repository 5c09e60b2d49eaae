import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Owner {
  readonly pid: number;
  /** Tells the process from a later one with the same number; empty where the system does not say. */
  readonly started: string;
}

/** Files that this process holds: its own number in a lock file may be that of an earlier container. */
const held = new Set<string>();

/** Takes the folder for this process, or throws; gives back how to let it go. */
export function lockFolder(folder: string): () => void {
  const file = join(folder, 'lock');
  const owner: Owner = { pid: process.pid, started: startOf(process.pid) };
  for (let attempt = 0; ; attempt += 1) {
    try {
      writeFileSync(file, JSON.stringify(owner), { flag: 'wx', mode: 0o600 });
      break;
    } catch (cause) {
      const other = readOwner(file);
      if (attempt > 1 || (other !== undefined && isAlive(other, file))) {
        const who = other === undefined ? '' : ` (process ${other.pid})`;
        throw new Error(`${folder} is in use by another sandbox${who}; stop it, or choose another folder`, {
          cause,
        });
      }
      rmSync(file, { force: true });
    }
  }
  held.add(file);
  return () => {
    held.delete(file);
    rmSync(file, { force: true });
  };
}

function readOwner(file: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('started' in value))
      return undefined;
    const { pid, started } = value;
    return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(owner: Owner, file: string): boolean {
  if (owner.pid === process.pid) return held.has(file);
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const started = startOf(owner.pid);
  return started === '' || owner.started === '' || started === owner.started;
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
