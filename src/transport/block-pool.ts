/** Bytes of a block: large enough that a write is worth its way through a thread. */
const BLOCK_BYTES = 256 * 1024;
/** Blocks that are kept for use again. */
const MAX_KEPT = 16;

/** Memory that bodies are received into, used again so that a download does not make garbage of its own size. */
export class BlockPool {
  readonly #kept: Buffer[] = [];

  /** @param expected bytes that are still to come, where that is known: a small body needs no whole block */
  take(expected = BLOCK_BYTES): Buffer {
    if (expected < BLOCK_BYTES) return Buffer.allocUnsafe(Math.max(1, expected));
    return this.#kept.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }

  release(block: Buffer): void {
    if (block.length === BLOCK_BYTES && this.#kept.length < MAX_KEPT) this.#kept.push(block);
  }
}
