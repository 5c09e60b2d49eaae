import type { IncomingMessage } from 'node:http';
import type { CutFault } from './fault.ts';

/** A request's body that ends in the middle: the connection is gone, or no more of it is read. */
export async function* cutBody(
  message: IncomingMessage,
  bytes: AsyncIterable<Buffer>,
  cut: CutFault,
): AsyncGenerator<Buffer> {
  let left = cut.bytes;
  if (left > 0) {
    for await (const piece of bytes) {
      const part = piece.subarray(0, left);
      left -= part.length;
      yield part;
      if (left === 0) break;
    }
    // The whole body is shorter.
    if (left > 0) return;
  }
  if (cut.kind === 'drop') message.destroy();
  else await new Promise<void>((resolve) => message.socket.once('close', () => resolve()));
  throw new Error('the sandbox was told to cut this request');
}
