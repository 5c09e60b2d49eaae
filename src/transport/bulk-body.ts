import { Readable } from 'node:stream';
import type { BlockPool } from './block-pool.ts';

/**
 * Takes a block of a body.
 *
 * @param block is the consumer's until its promise resolves, and used again from then on
 * @param position of its first byte in the body
 */
export type BlockConsumer = (block: Buffer, position: number) => Promise<void> | void;

/** What a body needs of the connection that it comes over. */
export interface BodySupply {
  /** There is room again after `accept` returned false. */
  readonly onRoom: () => void;
  /** Nobody wants the rest. */
  readonly onAbandoned: () => void;
}

/** Blocks of one body that are filled and not yet consumed. */
const MAX_WAITING = 2;

/**
 * The body of an answer. `pour` is the short way: bytes go from the socket into blocks and from there to the consumer,
 * with no stream between. As a Readable it serves everybody else, the SDK first.
 */
export class BulkBody extends Readable {
  readonly #pool: BlockPool;
  readonly #supply: BodySupply;
  readonly #full: Buffer[] = [];
  #expected: number | undefined;
  #filling: Buffer | undefined;
  #filled = 0;
  #ended = false;
  #paused = false;
  #poured = false;
  /** As a Readable: whoever reads waits for bytes. */
  #reading = false;
  /** In `pour`: whoever waits for the next block. */
  #wake: (() => void) | undefined;

  /** @param expected bytes, where the answer tells */
  constructor(pool: BlockPool, supply: BodySupply, expected: number | undefined) {
    super();
    this.#pool = pool;
    this.#supply = supply;
    this.#expected = expected;
    // a failure is told to whoever reads or pours; until there is one it must not end the process
    this.on('error', () => undefined);
  }

  /**
   * Copies what came over the connection.
   *
   * @returns false where no more should come until `onRoom`; what comes all the same is kept
   */
  accept(bytes: Buffer): boolean {
    if (this.destroyed) return true;
    if (this.#expected !== undefined) this.#expected -= bytes.length;
    if (this.#reading && this.#full.length === 0 && this.#filling === undefined) {
      this.#reading = false;
      this.push(Buffer.from(bytes));
    } else {
      this.#fill(bytes);
    }
    this.#paused = this.#full.length >= MAX_WAITING;
    return !this.#paused;
  }

  /** All bytes came. */
  finish(): void {
    this.#ended = true;
    if (this.#reading) this.#give();
    this.#wake?.();
  }

  /**
   * Hands the body to the consumer, block after block: in order, and the next one only once the promise for the one
   * before resolved, while the connection fills another. Once, and not beside reading it as a stream.
   *
   * @returns bytes
   * @throws what the consumer threw; else a failure of the connection, once the consumer is done with its block
   */
  async pour(consume: BlockConsumer): Promise<number> {
    if (this.#poured || this.#reading) throw new Error('the body is being read already');
    this.#poured = true;
    let position = 0;
    try {
      for (;;) {
        while (!this.#hasBlock() && !this.destroyed) await this.#more();
        if (this.destroyed) throw this.errored ?? closedEarly();
        const taken = this.#take();
        if (taken === undefined) break;
        const { block, length } = taken;
        const done = consume(length === block.length ? block : block.subarray(0, length), position);
        if (done !== undefined) await done;
        position += length;
        this.#pool.release(block);
        this.#makeRoom();
      }
    } catch (error) {
      this.destroy();
      throw error;
    }
    this.destroy();
    return position;
  }

  override _read(): void {
    this.#reading = true;
    this.#give();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (!this.#ended) this.#supply.onAbandoned();
    this.#wake?.();
    callback(error);
  }

  #fill(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      const rest = bytes.length - at;
      if (this.#filling === undefined) {
        this.#filling = this.#pool.take(this.#expected === undefined ? undefined : this.#expected + rest);
        this.#filled = 0;
      }
      const length = Math.min(rest, this.#filling.length - this.#filled);
      this.#filling.set(length === bytes.length ? bytes : bytes.subarray(at, at + length), this.#filled);
      this.#filled += length;
      at += length;
      if (this.#filled < this.#filling.length) continue;
      this.#full.push(this.#filling);
      this.#filling = undefined;
      this.#wake?.();
    }
  }

  #hasBlock(): boolean {
    return this.#full.length > 0 || this.#ended;
  }

  #more(): Promise<void> {
    return new Promise((wake) => {
      this.#wake = () => {
        this.#wake = undefined;
        wake();
      };
    });
  }

  /** The next full block, or the one that is not full and is the last; undefined = there is none. */
  #take(): { block: Buffer; length: number } | undefined {
    const block = this.#full.shift();
    if (block !== undefined) return { block, length: block.length };
    const last = this.#filling;
    if (last === undefined) return undefined;
    this.#filling = undefined;
    return { block: last, length: this.#filled };
  }

  #makeRoom(): void {
    if (!this.#paused || this.#full.length >= MAX_WAITING) return;
    this.#paused = false;
    this.#supply.onRoom();
  }

  /** What is there, to whoever reads the stream; the block is theirs from then on. */
  #give(): void {
    while (this.#reading) {
      const taken = this.#take();
      if (taken === undefined) break;
      this.#reading = false;
      this.push(taken.block.subarray(0, taken.length));
    }
    this.#makeRoom();
    if (this.#reading && this.#ended) {
      this.#reading = false;
      this.push(null);
    }
  }
}

function closedEarly(): Error {
  return Object.assign(new Error('the body was closed before its end'), {
    code: 'ERR_STREAM_PREMATURE_CLOSE',
  });
}
