import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { SsecError } from '../errors.ts';
import type { Source } from '../transfer/source.ts';
import type { Input, Io } from './io.ts';

/** What stdin may hold, since it stands in memory until it is sent: never in a plaintext file. */
const MAX_STDIN_BYTES = 64 * 1024 ** 2;

/**
 * What `put` reads: a file, or a pipe that is read to its end first. What says that it is empty and holds
 * something all the same (`/proc`) is read like a pipe.
 *
 * @throws SsecError FILE_NOT_FOUND, FILE_UNREADABLE, USAGE, NOT_SUPPORTED for a pipe of more than 64 MiB
 */
export async function openUploadSource(path: string, io: Io): Promise<Source> {
  if (path === '-') return readAll(io.stdin, 'stdin', io.signal);
  const full = resolve(io.cwd, path);
  if ((await isPipe(full)) || (await hidesItsSize(full))) {
    const stream = createReadStream(full, { flags: 'r' });
    try {
      return await readAll(stream, path, io.signal);
    } finally {
      stream.destroy();
    }
  }
  const { FileSource } = await import('../transfer/file-source.ts');
  return FileSource.open(full, path);
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

async function readAll(stream: Input, name: string, signal: AbortSignal): Promise<Source> {
  const chunks: Buffer[] = [];
  let size = 0;
  const stop = (): void => {
    stream.destroy();
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of stream) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      size += bytes.length;
      if (size > MAX_STDIN_BYTES) {
        throw new SsecError(
          'NOT_SUPPORTED',
          `${name} holds more than 64 MiB, which this version cannot stream.`,
          {
            hints: ['write it to a file first and put that: files go up to 5 GiB'],
          },
        );
      }
      chunks.push(bytes);
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
  signal.throwIfAborted();
  const { BytesSource } = await import('../transfer/bytes-source.ts');
  return new BytesSource(Buffer.concat(chunks), name);
}

/** The content type that a name stands for. */
export async function contentTypeOf(path: string, key: string): Promise<string | undefined> {
  const name = path !== '-' && extname(path) !== '' ? path : key;
  const { default: mime } = await import('mime');
  return mime.getType(name) ?? undefined;
}
