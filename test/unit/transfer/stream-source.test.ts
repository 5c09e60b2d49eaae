import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { StreamSource } from '../../../src/transfer/stream-source.ts';

/** As a pipe that is being opened and has no other end: it brings nothing, and cannot be closed. */
const stuck = (): Readable => new Readable({ read: () => undefined, destroy: (_error, _done) => undefined });

test('an interruption ends the wait for a stream that cannot be closed', async () => {
  const controller = new AbortController();
  const source = new StreamSource(stuck(), 'fifo', controller.signal);
  const filled = source.fill(new Uint8Array(1));
  const reason = new Error('interrupted');
  controller.abort(reason);
  await expect(filled).rejects.toBe(reason);
});

test('one that came before the wait, too', async () => {
  const reason = new Error('interrupted');
  const source = new StreamSource(stuck(), 'fifo', AbortSignal.abort(reason));
  await expect(source.fill(new Uint8Array(1))).rejects.toBe(reason);
});
