import { randomBytes } from 'node:crypto';
import { lstat, rename, rm, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemErrorCode } from '../errors.ts';
import { syncDirectory } from '../transfer/atomic-file.ts';
import { linked, takeName } from '../transfer/take-name.ts';
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
  await removeMoved(from, key);
  await syncDirectory(dirname(from));
}

/**
 * The old name goes only with the key that was moved: somebody may have moved it before, and another key may have got
 * the name since.
 */
async function removeMoved(from: string, key: RingKey): Promise<void> {
  const aside = join(dirname(from), `.ssec-${randomBytes(8).toString('hex')}.tmp`);
  try {
    await rename(from, aside);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw error;
  }
  if (!(await holdsKey(aside, key.customerKey))) await takeName(aside, from);
  else await rm(aside);
}

/** False where the system has no links, or the folder of the retired is on another disk. */
async function hasSecondName(from: string, to: string): Promise<boolean> {
  return linked(from, to).catch((error: unknown) => {
    if (systemErrorCode(error) === 'EXDEV') return false;
    throw error;
  });
}
