import type { Writable } from 'node:stream';
import type { HttpResponse } from '@smithy/types';
import type { BlockPool } from './block-pool.ts';
import { BodySender } from './body-sender.ts';
import { BulkBody } from './bulk-body.ts';
import { type BulkRequest, formatRequestHead } from './bulk-request.ts';
import { HttpResponseReader, type ResponseListener } from './http-response-reader.ts';
import { HttpSyntaxError, type ResponseHead } from './response-head.ts';
import { aborted } from './transport-error.ts';

/** The most that an answer may hold which is no object: a refusal, or what S3 says of an upload. */
const MAX_SMALL_ANSWER_BYTES = 1024 * 1024;

/** What an exchange needs of its connection. */
export interface ExchangeConnection {
  readonly socket: Writable;
  readonly blocks: BlockPool;
  /** Reading goes on after `receive` returned false. */
  resume(): void;
  /** The exchange is over; `reusable` = both messages are whole, and another may follow. */
  ended(reusable: boolean): void;
  close(): void;
}

/**
 * One request and its answer. The bytes of an object are the body's, which goes on after the answer was given out;
 * any other answer is small, and is given out whole.
 */
export class BulkExchange implements ResponseListener {
  /** Settles when the answer's headers came, or all of it where it is small. */
  readonly answer: Promise<HttpResponse>;
  readonly #connection: ExchangeConnection;
  readonly #request: BulkRequest;
  readonly #reader: HttpResponseReader;
  readonly #sender: BodySender;
  readonly #onAbort: () => void;
  #resolve!: (response: HttpResponse) => void;
  #reject!: (error: unknown) => void;
  #head: ResponseHead | undefined;
  #body: BulkBody | undefined;
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  #mayContinue = true;
  #over = false;

  constructor(connection: ExchangeConnection, request: BulkRequest) {
    this.#connection = connection;
    this.#request = request;
    this.#reader = new HttpResponseReader(request.method, this);
    this.#sender = new BodySender(connection.socket, request, (error) => this.fail(error));
    this.#onAbort = () => {
      if (request.signal !== undefined) this.fail(aborted(request.signal));
    };
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Whether a byte of the answer came. */
  get answered(): boolean {
    return this.#reader.touched;
  }

  /** Whether nothing can move until somebody here does something: then a connection that rests is no stall. */
  get waitsForUs(): boolean {
    return !this.#mayContinue || this.#sender.waitsForSource;
  }

  /** From here on an abort ends it. */
  watch(): void {
    const { signal } = this.#request;
    if (signal?.aborted === true) return this.#onAbort();
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  start(): void {
    if (this.#over) return;
    try {
      this.#sender.start(formatRequestHead(this.#request));
    } catch (error) {
      this.fail(error);
    }
  }

  /** @returns false where no more should come until the connection is told to go on */
  receive(chunk: Buffer): boolean {
    this.#mayContinue = true;
    try {
      this.#reader.read(chunk);
    } catch (error) {
      this.fail(error);
      this.#connection.close();
    }
    return this.#mayContinue;
  }

  /**
   * The connection is gone.
   *
   * @param ended whether the server ended it in order, and nothing broke
   */
  disconnected(error: Error, ended: boolean): void {
    if (!(ended && this.#reader.end())) this.fail(error);
  }

  /** Ends the exchange, and its connection with it. */
  fail(error: unknown): void {
    if (this.#over) return;
    this.#finish(false);
    this.#reject(error);
    this.#body?.destroy(error instanceof Error ? error : new Error(String(error)));
  }

  onHead(head: ResponseHead): void {
    this.#head = head;
    if (!this.#sender.allWritten) {
      // a refusal before all of the request left is final all the same; a success cannot be true
      if (head.status < 300) throw new HttpSyntaxError('HPE_USER', 'a success before the request was there');
      this.#sender.stop();
    }
    if (this.#request.method !== 'GET' || head.status >= 300) return;
    this.#body = new BulkBody(
      this.#connection.blocks,
      {
        onRoom: () => {
          this.#mayContinue = true;
          if (!this.#over) this.#connection.resume();
        },
        onAbandoned: () => this.#finish(false),
      },
      head.contentLength,
    );
    this.#resolve(responseOf(head, this.#body));
  }

  onBody(bytes: Buffer): void {
    if (this.#body !== undefined) {
      if (!this.#body.accept(bytes)) this.#mayContinue = false;
      return;
    }
    this.#pieceBytes += bytes.length;
    if (this.#pieceBytes > MAX_SMALL_ANSWER_BYTES) {
      throw new HttpSyntaxError('HPE_USER', 'the answer is longer than any that is no object');
    }
    this.#pieces.push(Buffer.from(bytes));
  }

  onEnd(): void {
    const head = this.#head;
    if (head === undefined || this.#over) return;
    this.#mayContinue = true;
    if (this.#sender.finished || !this.#sender.allWritten)
      this.#finish(head.keepAlive && this.#sender.finished);
    // the last write may be done, and be reported only in the next turn
    else setImmediate(() => this.#finish(head.keepAlive && this.#sender.finished));
    if (this.#body !== undefined) this.#body.finish();
    else
      this.#resolve(
        responseOf(head, this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces)),
      );
  }

  #finish(reusable: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#request.signal?.removeEventListener('abort', this.#onAbort);
    this.#sender.stop();
    this.#connection.ended(reusable);
  }
}

function responseOf(head: ResponseHead, body: unknown): HttpResponse {
  return { statusCode: head.status, reason: head.reason, headers: { ...head.headers }, body } as HttpResponse;
}
