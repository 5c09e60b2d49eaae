import { Readable, type Writable } from 'node:stream';
import type { BulkRequest, RequestBody } from './bulk-request.ts';

/** A write is encrypted into memory as a whole: slices keep that small, and are large enough to be cheap. */
const SLICE_BYTES = 1024 * 1024;
/** What waits in the socket while the next slice is made. */
const MAX_WAITING_BYTES = SLICE_BYTES;
/** A body that goes out in one write with its head. */
const SMALL_BYTES = 64 * 1024;

/** Writes one request into a socket, as fast as that takes it, until told to stop. */
export class BodySender {
  readonly #socket: Writable;
  readonly #request: BulkRequest;
  readonly #onError: (error: unknown) => void;
  #body: RequestBody | undefined;
  #written = 0;
  #sent = 0;
  #allWritten = false;
  #stopped = false;
  #waitsForSource = false;
  #wake: (() => void) | undefined;

  /** @param onError the body could not be read, or is not as long as was said */
  constructor(socket: Writable, request: BulkRequest, onError: (error: unknown) => void) {
    this.#socket = socket;
    this.#request = request;
    this.#onError = onError;
  }

  /** Whether the socket has all of the request. */
  get allWritten(): boolean {
    return this.#allWritten;
  }

  /** Whether the last byte of the request left. */
  get finished(): boolean {
    return (
      this.#allWritten && this.#sent === this.#request.contentLength && this.#socket.writableLength === 0
    );
  }

  /** Whether it is the body's turn, and not the network's. */
  get waitsForSource(): boolean {
    return this.#waitsForSource && this.#socket.writableLength === 0;
  }

  /** @param head request line and headers */
  start(head: string): void {
    const body = this.#request.openBody();
    this.#body = body;
    if (body instanceof Readable) {
      // also where nobody reads it any more, a stream's failure must not end the process
      body.on('error', () => undefined);
      this.#socket.write(head, 'latin1');
      void this.#sendStream(body).catch((error: unknown) => this.#fail(error));
      return;
    }
    if (body.length !== this.#request.contentLength) return this.#fail(wrongLength());
    if (body.length <= SMALL_BYTES) {
      const start = Buffer.from(head, 'latin1');
      this.#written = body.length;
      this.#allWritten = true;
      this.#socket.write(body.length === 0 ? start : Buffer.concat([start, body]), (error) =>
        this.#left(body.length, error),
      );
      return;
    }
    this.#socket.write(head, 'latin1');
    void this.#sendBuffer(body);
  }

  /** The answer is there, or none will come: nothing more is written. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#body instanceof Readable) this.#body.destroy();
    this.#wake?.();
  }

  async #sendBuffer(body: Buffer): Promise<void> {
    await this.#write(body);
    this.#allWritten = !this.#stopped;
  }

  async #sendStream(body: Readable): Promise<void> {
    this.#waitsForSource = true;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      this.#waitsForSource = false;
      if (this.#written + chunk.length > this.#request.contentLength) throw wrongLength();
      await this.#write(chunk);
      if (this.#stopped) return;
      this.#waitsForSource = true;
    }
    this.#waitsForSource = false;
    if (this.#written !== this.#request.contentLength) throw wrongLength();
    this.#allWritten = true;
  }

  async #write(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#stopped; at += SLICE_BYTES) {
      const slice = bytes.length <= SLICE_BYTES ? bytes : bytes.subarray(at, at + SLICE_BYTES);
      this.#written += slice.length;
      this.#socket.write(slice, (error) => this.#left(slice.length, error));
      while (this.#socket.writableLength > MAX_WAITING_BYTES && !this.#stopped) await this.#room();
    }
  }

  #room(): Promise<void> {
    return new Promise((wake) => {
      this.#wake = () => {
        this.#wake = undefined;
        wake();
      };
    });
  }

  #left(bytes: number, error: Error | null | undefined): void {
    if (error) return;
    this.#sent += bytes;
    try {
      if (!this.#stopped && bytes > 0) this.#request.onSent?.(this.#sent);
    } catch (thrown) {
      this.#fail(thrown);
    }
    this.#wake?.();
  }

  #fail(error: unknown): void {
    if (!this.#stopped) this.#onError(error);
  }
}

function wrongLength(): Error {
  return new Error('the body is not as long as the request says');
}
