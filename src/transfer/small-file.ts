import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { BytesSource } from './bytes-source.ts';
import { FileSource, notRegular, unreadable } from './file-source.ts';
import { type Source, changed } from './source.ts';

/** Up to this many bytes a file is read whole at once (bytes). */
export const SMALL_FILE_BYTES = 256 * 1024;

/**
 * A file to be sent. What is small is read here and now, by four system calls in a row: for thousands of small files
 * the way through Node.js's thread pool would cost more than all the rest.
 *
 * @param name what to call it in a message
 * @throws SsecError FILE_NOT_FOUND, FILE_UNREADABLE, FILE_CHANGED, USAGE
 */
export async function openFile(path: string, name: string): Promise<Source> {
  return readSmall(path, name) ?? (await FileSource.open(path, name));
}

/** undefined where it is not small. */
function readSmall(path: string, name: string): BytesSource | undefined {
  let file: number;
  try {
    // O_NONBLOCK: what has become a FIFO meanwhile must not hold everything up
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw unreadable(name, error);
  }
  try {
    const status = fstatSync(file);
    if (!status.isFile()) throw notRegular(name);
    if (status.size > SMALL_FILE_BYTES) return undefined;
    // one byte more: a file that grows, or hides its size as those of /proc do, is found out
    const bytes = Buffer.allocUnsafe(status.size + 1);
    let filled = 0;
    do {
      const read = readSync(file, bytes, filled, bytes.length - filled, filled);
      if (read === 0) break;
      filled += read;
    } while (filled < status.size);
    if (filled !== status.size || fstatSync(file).mtimeMs !== status.mtimeMs) throw changed(name);
    return new BytesSource(bytes.subarray(0, filled), name);
  } catch (error) {
    throw unreadable(name, error);
  } finally {
    closeSync(file);
  }
}
