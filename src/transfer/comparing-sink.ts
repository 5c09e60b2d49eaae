import { SsecError } from '../errors.ts';
import type { Sink } from './sink.ts';
import type { Source } from './source.ts';

/** Keeps nothing: for whoever only wants to know what becomes of the bytes on their way. */
export function nullSink(): Sink {
  return {
    write: () => Promise.resolve(),
    commit: () => Promise.resolve(),
    discard: () => Promise.resolve(),
  };
}

/**
 * Keeps nothing, and holds the bytes against those of a source of the same size as they come.
 *
 * @param address whose bytes they are, for the message
 * @throws SsecError CHECKSUM_MISMATCH at the first byte that is another, FILE_CHANGED, FILE_UNREADABLE
 */
export function comparingSink(source: Source, address: string): Sink {
  let next = 0;
  return {
    // the next chunk may come before the one before is done: its place is taken at once
    write: async (chunk) => {
      const position = next;
      next += chunk.length;
      const own = Buffer.allocUnsafe(chunk.length);
      await source.read(position, own);
      if (own.equals(chunk)) return;
      const at = position + own.findIndex((byte, index) => byte !== chunk[index]);
      throw new SsecError(
        'CHECKSUM_MISMATCH',
        `"${source.name}" and ${address} are of one size and differ, from byte ${at} on.`,
      );
    },
    commit: () => source.checkUnchanged(),
    discard: () => Promise.resolve(),
  };
}
