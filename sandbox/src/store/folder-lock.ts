import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Folders that this process holds: its own process id in a lock file may be that of an earlier container. */
const held = new Set<string>();

/** Takes the folder for this process, or throws; gives back how to let it go. */
export function lockFolder(folder: string): () => void {
  const file = join(folder, 'lock');
  for (let attempt = 0; ; attempt += 1) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx', mode: 0o600 });
      break;
    } catch (cause) {
      const owner = readOwner(file);
      if (attempt > 1 || (owner !== undefined && isAlive(owner, file))) {
        const who = owner === undefined ? '' : ` (process ${owner})`;
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

function readOwner(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number, file: string): boolean {
  if (pid === process.pid) return held.has(file);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
