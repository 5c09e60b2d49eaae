import { link, open, rename, rm } from 'node:fs/promises';
import { systemErrorCode } from '../errors.ts';

/** A complete file gets its final name, unless something has that name: then EEXIST, and all stays as it is. */
export async function takeName(from: string, to: string): Promise<void> {
  if (await linked(from, to)) {
    await rm(from, { force: true });
    return;
  }
  await (await open(to, 'wx')).close();
  await rename(from, to).catch(async (error: unknown) => {
    await rm(to, { force: true });
    throw error;
  });
}

/**
 * Whether the file has its second name. False where the file system knows no links (FAT): there the name is taken
 * by an empty file first, which nobody else can do twice.
 */
export async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(systemErrorCode(error) ?? '')) return false;
    throw error;
  }
}
