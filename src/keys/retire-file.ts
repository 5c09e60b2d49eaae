import { lstat, rm, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemErrorCode } from '../errors.ts';
import { syncDirectory } from '../transfer/atomic-file.ts';
import { linked } from '../transfer/take-name.ts';
import { writeKeyFile } from './key-file.ts';
import { type RingKey, holdsKey } from './ring-files.ts';

/**
 * Moves a key file. Its new name is safe on disk before the old one goes, so that wherever it stops the key is under
 * one of them; whoever does the same at the same time, or again, finishes it.
 *
 * @param from where it is; a link that leads elsewhere becomes a file of its own
 * @throws EEXIST, TARGET_EXISTS where another key has that name
 */
export async function moveKeyFile(from: string, to: string, key: RingKey): Promise<void> {
  try {
    if ((await lstat(from)).isSymbolicLink() || !(await hasSecondName(from, to))) {
      await writeKeyFile(to, to, key.customerKey);
      await utimes(to, key.created, key.created);
    }
  } catch (error) {
    if (!(await holdsKey(to, key.customerKey))) throw error;
    // another process has moved all of it
    if (systemErrorCode(error) === 'ENOENT') return;
  }
  await syncDirectory(dirname(to));
  await rm(from, { force: true });
  await syncDirectory(dirname(from));
}

/** False where the system has no links, or the folder of the retired is on another disk. */
async function hasSecondName(from: string, to: string): Promise<boolean> {
  return linked(from, to).catch((error: unknown) => {
    if (systemErrorCode(error) === 'EXDEV') return false;
    throw error;
  });
}
