import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { SsecError, systemErrorCode } from '../../../errors.ts';
import type { Io } from '../../io.ts';
import { inFolder } from '../../upload-source.ts';

/** Bytes read and unpacked at once. */
const CHUNK_BYTES = 256 * 1024;

/**
 * What stands in a manifest, unpacked where it is gzip, whatever its name; several gzip files one behind the other are
 * one. It is read as it is used, and never held whole.
 *
 * @param path `-` = stdin
 * @param name what to call it in a message
 * @param signal aborted = nobody waits any longer, on a pipe from which nothing comes either
 * @throws SsecError FILE_NOT_FOUND, FILE_UNREADABLE, for gzip that breaks off as well; the signal's reason
 */
export async function* manifestBytes(
  path: string,
  name: string,
  io: Pick<Io, 'cwd' | 'stdin'>,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  signal.throwIfAborted();
  const isStdin = path === '-';
  const raw = isStdin ? io.stdin : createReadStream(inFolder(io.cwd, path), { highWaterMark: CHUNK_BYTES });
  const stop = (): void => void raw.destroy(signal.reason instanceof Error ? signal.reason : undefined);
  signal.addEventListener('abort', stop, { once: true });
  // stdin is the caller's to close
  const chunks = withFirst(raw.iterator({ destroyOnReturn: !isStdin }), name);
  try {
    const first = await chunks.next();
    if (first.done === true) return;
    const all = prepended(first.value, chunks);
    yield* isGzip(first.value) ? unpacked(all, name) : all;
  } finally {
    signal.removeEventListener('abort', stop);
    await chunks.return();
  }
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** The chunks of a stream, the first of at least two bytes where there are two: a pipe may hand on one. */
async function* withFirst(chunks: AsyncIterable<unknown>, name: string): AsyncGenerator<Buffer, void, void> {
  let first: Buffer | undefined = Buffer.alloc(0);
  try {
    for await (const chunk of chunks) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      if (first === undefined) yield bytes;
      else {
        first = first.length === 0 ? bytes : Buffer.concat([first, bytes]);
        if (first.length < 2) continue;
        yield first;
        first = undefined;
      }
    }
  } catch (error) {
    throw unreadable(name, error);
  }
  if (first !== undefined && first.length > 0) yield first;
}

async function* prepended(
  first: Buffer,
  rest: AsyncGenerator<Buffer, void, void>,
): AsyncGenerator<Buffer, void, void> {
  yield first;
  yield* rest;
}

async function* unpacked(packed: AsyncGenerator<Buffer, void, void>, name: string): AsyncGenerator<Buffer> {
  let taken = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of packed) {
      taken += chunk.length;
      yield chunk;
    }
  };
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  const source = Readable.from(counted(), { objectMode: false });
  source.on('error', (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  try {
    for await (const chunk of gunzip) yield chunk as Buffer;
  } catch (error) {
    throw isZlibError(error) ? brokenGzip(name, error) : unreadable(name, error);
  } finally {
    source.destroy();
    gunzip.destroy();
  }
  // zlib stops at what is no gzip any more, and says nothing where that begins with a NUL
  if (gunzip.bytesWritten !== taken) throw brokenGzip(name);
}

function isZlibError(error: unknown): boolean {
  return systemErrorCode(error)?.startsWith('Z_') === true;
}

function brokenGzip(name: string, cause?: unknown): SsecError {
  const isCut = systemErrorCode(cause) === 'Z_BUF_ERROR';
  return new SsecError(
    'FILE_UNREADABLE',
    isCut ? `The gzip data of ${name} breaks off before its end.` : `The gzip data of ${name} is damaged.`,
    { hints: ['copy the file again; gzip -t FILE tests it'], cause },
  );
}

function unreadable(name: string, cause: unknown): unknown {
  if (cause instanceof SsecError) return cause;
  const code = systemErrorCode(cause);
  if (code === undefined) return cause;
  if (code === 'ENOENT') return new SsecError('FILE_NOT_FOUND', `There is no manifest ${name}.`, { cause });
  if (code === 'EISDIR') {
    return new SsecError('FILE_UNREADABLE', `${name} is a folder, and no manifest.`, {
      hints: ['name its files: --manifest FILE, as often as there are files'],
      cause,
    });
  }
  return new SsecError('FILE_UNREADABLE', `The manifest ${name} cannot be read (${code}).`, { cause });
}
