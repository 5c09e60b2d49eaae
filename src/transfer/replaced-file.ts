import { type Stats, accessSync, constants, fchmodSync, fchownSync, fstatSync } from 'node:fs';
import { unwritable } from './sink.ts';

/**
 * A rename needs no right to the file itself; whoever took that right away meant it, as for `>` and curl.
 *
 * @throws SsecError FILE_UNWRITABLE
 */
export function refuseReadOnly(path: string, name: string): void {
  try {
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw unwritable(name, error);
  }
}

/**
 * Gives a new file what the one that it replaces had: owner as far as we may, then permissions; set-user-id and its
 * kin go, as when a file is written.
 */
export function inherit(file: number, existing: Stats): void {
  const { uid, gid } = fstatSync(file);
  if (uid !== existing.uid || gid !== existing.gid) {
    try {
      fchownSync(file, existing.uid, existing.gid);
    } catch {
      // only root may give files away
    }
  }
  fchmodSync(file, existing.mode & 0o777);
}
