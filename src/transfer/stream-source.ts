import type { Readable } from 'node:stream';
import { SsecError, systemErrorCode } from '../errors.ts';
import { orInterrupted } from './or-interrupted.ts';

/** Bytes that come once, in order, and whose end nobody knows: stdin, a pipe. */
export class StreamSource {
  /** How to call it in a message. */
  readonly name: string;
  readonly #stream: Readable;
  readonly #chunks: AsyncIterator<unknown>;
  readonly #signal: AbortSignal | undefined;
  #rest: Uint8Array = new Uint8Array(0);

  /** @param signal ends the wait for bytes that may never come */
  constructor(stream: Readable, name: string, signal?: AbortSignal) {
    this.name = name;
    this.#stream = stream;
    this.#signal = signal;
    signal?.addEventListener('abort', () => stream.destroy(), { once: true });
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /**
   * Fills `into` as far as the stream goes.
   *
   * @returns bytes; fewer than `into` holds = the stream has ended
   * @throws SsecError FILE_UNREADABLE
   */
  async fill(into: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < into.length) {
      if (this.#rest.length === 0) {
        const next = await this.#next();
        if (next === undefined) break;
        this.#rest = next;
      }
      const taken = this.#rest.subarray(0, into.length - filled);
      into.set(taken, filled);
      filled += taken.length;
      this.#rest = this.#rest.subarray(taken.length);
    }
    return filled;
  }

  close(): Promise<void> {
    this.#stream.destroy();
    return Promise.resolve();
  }

  async #next(): Promise<Uint8Array | undefined> {
    try {
      const chunk = this.#chunks.next();
      // a stream that still waits for the other end of its pipe does not close
      const { value, done } = await (this.#signal === undefined ? chunk : orInterrupted(chunk, this.#signal));
      this.#signal?.throwIfAborted();
      if (done === true) return undefined;
      return value instanceof Uint8Array ? value : Buffer.from(String(value));
    } catch (cause) {
      this.#signal?.throwIfAborted();
      throw new SsecError(
        'FILE_UNREADABLE',
        `${this.name} cannot be read: ${systemErrorCode(cause) ?? (cause instanceof Error ? cause.message : String(cause))}.`,
        { cause },
      );
    }
  }
}
