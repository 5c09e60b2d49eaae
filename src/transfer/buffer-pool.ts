/** Buffers that are used again: allocating and clearing one for each part would cost more than the hashing of it. */
export class BufferPool {
  readonly #free = new Map<number, Buffer[]>();

  /** Its content is whatever was in it before. */
  take(size: number): Buffer {
    return this.#free.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size);
  }

  /** Nobody may look at it any more. */
  give(buffer: Buffer): void {
    const free = this.#free.get(buffer.length);
    if (free === undefined) this.#free.set(buffer.length, [buffer]);
    else free.push(buffer);
  }
}
