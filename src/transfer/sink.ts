import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { SsecError, systemErrorCode } from '../errors.ts';
import { shellWord } from '../shell-word.ts';

/** Where the bytes of a download go, in order. Exactly one of `commit` and `discard` ends it. */
export interface Sink {
  /** Resolves when the next chunk may come; the chunk may be reused from then on. */
  write(chunk: Uint8Array): Promise<void>;
  /** All bytes came and were verified. */
  commit(): Promise<void>;
  /** The download failed: nothing of it may stay that could be taken for the whole. */
  discard(): Promise<void>;
}

/** A file that is written at any position, and that a later run can go on with. */
export interface PositionedSink extends Sink {
  /** Final path, links resolved. */
  readonly path: string;
  /** Name of the file beside it that holds the bytes until they are complete. */
  readonly temporaryName: string;
  /** Gives it its full length, unwritten parts being zeros. */
  allocate(bytes: number): Promise<void>;
  writeAt(position: number, chunk: Uint8Array): Promise<void>;
  /** Fills `into`; @returns false where there are not so many bytes */
  readAt(position: number, into: Uint8Array): Promise<boolean>;
  /** The download was cut off: what came stays for a later run. */
  keep(): Promise<void>;
}

export function isPositioned(sink: Sink): sink is PositionedSink {
  return 'writeAt' in sink;
}

/**
 * A pipe, a terminal, a device: bytes go out as they come, and cannot be taken back. The stream is the
 * caller's and stays open.
 */
export function streamSink(stream: Writable, name: string): Sink {
  let failure: unknown;
  stream.on('error', onError);
  function onError(error: unknown): void {
    failure ??= error;
  }
  return {
    write: (chunk) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(unwritable(name, failure));
        stream.write(chunk, (error) => (error ? reject(unwritable(name, error)) : resolve()));
      }),
    commit: () => {
      stream.off('error', onError);
      return Promise.resolve();
    },
    discard: () => {
      stream.off('error', onError);
      return Promise.resolve();
    },
  };
}

/** What the system said of a target that cannot be written, as one of our errors. */
export function unwritable(name: string, cause: unknown): SsecError {
  if (cause instanceof SsecError) return cause;
  const code = systemErrorCode(cause);
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new SsecError('DISK_FULL', `No space is left for "${name}".`, { cause });
    case 'EFBIG':
      return new SsecError(
        'FILE_UNWRITABLE',
        `"${name}" would be larger than you may write, or than its disk can hold as one file.`,
        {
          hints: ['look at: ulimit -f'],
          cause,
        },
      );
    case 'EPIPE':
      return new SsecError('CANCELLED', `Whoever read "${name}" stopped reading.`, {
        cause,
        context: { closedPipe: true },
      });
    case 'EEXIST':
      return new SsecError('TARGET_EXISTS', `"${name}" exists already.`, { cause });
    case 'ELOOP':
      return new SsecError('FILE_UNWRITABLE', `"${name}" is a circle of symbolic links.`, { cause });
    case 'ENOENT':
      return new SsecError('FILE_UNWRITABLE', `The folder of "${name}" does not exist.`, {
        hints:
          dirname(name) === '.'
            ? ['it is a link to a place that is not there']
            : [`mkdir -p ${shellWord(dirname(name))}`],
        cause,
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new SsecError('FILE_UNWRITABLE', `You may not write "${name}" (${code}).`, { cause });
    default:
      return new SsecError(
        'FILE_UNWRITABLE',
        `"${name}" cannot be written: ${code ?? (cause instanceof Error ? cause.message : String(cause))}.`,
        { cause },
      );
  }
}
