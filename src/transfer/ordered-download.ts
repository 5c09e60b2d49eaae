import { setMaxListeners } from 'node:events';
import type { SsecClient } from '../client.ts';
import { BufferPool } from './buffer-pool.ts';
import { type PartPlan, pieceOf } from './part-plan.ts';
import type { OpenedBody, RangedObject } from './ranged-object.ts';
import type { TransferProgress } from './transfer-progress.ts';

export interface OrderedDownload {
  readonly client: SsecClient;
  readonly object: RangedObject;
  readonly plan: PartPlan;
  /** Takes the bytes in order. */
  readonly write: (chunk: Buffer) => Promise<void>;
  readonly progress: TransferProgress;
  readonly signal: AbortSignal | undefined;
}

/**
 * Downloads to where bytes can only go in order: a few ranges are read ahead into memory, and no more than a few,
 * however slow the reader.
 *
 * @param opened a body that begins at the first byte
 */
export async function downloadInOrder(download: OrderedDownload, opened: OpenedBody): Promise<void> {
  const { client, object, plan, write, progress, signal } = download;
  const stop = new AbortController();
  // one listener for each request under way
  setMaxListeners(0, stop.signal);
  const forward = (): void => stop.abort(signal?.reason);
  if (signal?.aborted === true) forward();
  signal?.addEventListener('abort', forward, { once: true });
  const pool = new BufferPool();
  const ahead: Promise<Ahead>[] = [];
  let next = 1;
  const most = Math.max(1, Math.floor(client.slots.capacity / client.partWeight));
  const fetch = async (number: number): Promise<Ahead> => {
    const piece = pieceOf(plan, number);
    // the first holds a slot already, and a connection that nobody else could have meanwhile
    const release =
      number === 1 ? opened.release : await client.slots.acquire(client.partWeight, stop.signal);
    const buffer = pool.take(plan.partSize);
    const told = progress.piece();
    let filled = 0;
    try {
      await object.read(
        piece.start,
        piece.start + piece.size,
        (chunk) => {
          buffer.set(chunk, filled);
          filled += chunk.length;
          told(filled);
          return Promise.resolve();
        },
        stop.signal,
        number === 1 ? opened.body : undefined,
      );
    } finally {
      release();
    }
    return { buffer, size: piece.size };
  };
  try {
    for (;;) {
      while (ahead.length < most && next <= plan.count) {
        const range = fetch(next);
        // it is awaited when its turn comes
        range.catch(() => undefined);
        ahead.push(range);
        next += 1;
      }
      const first = ahead.shift();
      if (first === undefined) return;
      const { buffer, size } = await first;
      signal?.throwIfAborted();
      await write(buffer.subarray(0, size));
      pool.give(buffer);
    }
  } catch (error) {
    stop.abort(error);
    throw error;
  } finally {
    signal?.removeEventListener('abort', forward);
    await Promise.allSettled(ahead);
    opened.body.destroy();
  }
}

interface Ahead {
  readonly buffer: Buffer;
  readonly size: number;
}
