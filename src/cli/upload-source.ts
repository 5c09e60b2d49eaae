import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { extname, isAbsolute } from 'node:path';
import type { Source } from '../transfer/source.ts';
import type { StreamSource } from '../transfer/stream-source.ts';
import type { Io } from './io.ts';

/**
 * What `put` reads: a file, or a pipe, of which nobody knows the end. What says that it is empty and holds
 * something all the same (`/proc`) is read like a pipe.
 *
 * @throws SsecError FILE_NOT_FOUND, FILE_UNREADABLE, USAGE
 */
export async function openUploadSource(path: string, io: Io): Promise<Source | StreamSource> {
  const { StreamSource } = await import('../transfer/stream-source.ts');
  if (path === '-') return new StreamSource(io.stdin, 'stdin', io.signal);
  const full = inFolder(io.cwd, path);
  if ((await isPipe(full)) || (await hidesItsSize(full)))
    return new StreamSource(createReadStream(full, { flags: 'r' }), path, io.signal);
  const { FileSource } = await import('../transfer/file-source.ts');
  return FileSource.open(full, path);
}

/** A path as the system reads it: behind a link, `..` is another folder than the text says. */
export function inFolder(folder: string, path: string): string {
  return isAbsolute(path) ? path : `${folder}/${path}`;
}

/** A FIFO, a process substitution, a device: read once, from the start, to its end. */
export async function isPipe(path: string): Promise<boolean> {
  const status = await stat(path).catch(() => undefined);
  return status !== undefined && !status.isFile() && !status.isDirectory();
}

async function hidesItsSize(path: string): Promise<boolean> {
  const status = await stat(path).catch(() => undefined);
  if (status?.isFile() !== true || status.size !== 0) return false;
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return false;
  try {
    return (await file.read(Buffer.alloc(1), 0, 1, 0)).bytesRead !== 0;
  } catch {
    return false;
  } finally {
    await file.close();
  }
}

/** The content type that a name stands for. */
export async function contentTypeOf(path: string, key: string): Promise<string | undefined> {
  const name = path !== '-' && extname(path) !== '' ? path : key;
  return (await contentTypes())(name);
}

/** Loads the table, for as many names as wanted. */
export async function contentTypes(): Promise<(name: string) => string | undefined> {
  const { default: mime } = await import('mime');
  return (name) => mime.getType(name) ?? undefined;
}
