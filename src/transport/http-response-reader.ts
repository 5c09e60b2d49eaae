import {
  HttpSyntaxError,
  type ResponseHead,
  endOfHead,
  notHttp,
  parseField,
  parseResponseHead,
} from './response-head.ts';

/** What a reader found, in order: one head, the body in pieces, the end. */
export interface ResponseListener {
  onHead(head: ResponseHead): void;
  /** The bytes are the listener's only until it returns. */
  onBody(bytes: Buffer): void;
  onEnd(): void;
}

/** Of status line and headers; and of what stands around the chunks of a body. */
const MAX_HEAD_BYTES = 64 * 1024;
/** Of an error page that ends with its connection. */
const MAX_UNMEASURED_BYTES = 1024 * 1024;
const MAX_CHUNK_LINE_BYTES = 1024;

const CR = 13;
const LF = 10;

type State = 'head' | 'length' | 'chunkLine' | 'chunkData' | 'chunkEnd' | 'trailer' | 'untilClose' | 'done';

/**
 * Reads one answer (HTTP/1.1) out of chunks of any size, and refuses what it does not know rather than guess:
 * two readings of one message are what smuggling is made of.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112
 */
export class HttpResponseReader {
  readonly #method: string;
  readonly #listener: ResponseListener;
  #state: State = 'head';
  /** The head, or a line around the chunks, as far as it came. */
  #text: Buffer = EMPTY;
  /** Bytes that are still to come of the body or of the chunk. */
  #remaining = 0;
  /** Bytes of interim answers, of trailers, or of a body that ends with the connection. */
  #counted = 0;
  #touched = false;

  /** @param method of the request: an answer to HEAD has no body */
  constructor(method: string, listener: ResponseListener) {
    this.#method = method;
    this.#listener = listener;
  }

  /** Whether a single byte came. */
  get touched(): boolean {
    return this.#touched;
  }

  get done(): boolean {
    return this.#state === 'done';
  }

  /** @throws HttpSyntaxError */
  read(chunk: Buffer): void {
    this.#touched ||= chunk.length > 0;
    let at = 0;
    while (at < chunk.length) {
      switch (this.#state) {
        case 'head':
          at = this.#readHead(chunk, at);
          break;
        case 'length':
          if (chunk.length - at > this.#remaining) throw surplus();
          at = this.#readCounted(chunk, at);
          if (this.#remaining === 0) this.#finish();
          break;
        case 'chunkData':
          at = this.#readCounted(chunk, at);
          if (this.#remaining === 0) this.#state = 'chunkEnd';
          break;
        case 'chunkLine':
        case 'chunkEnd':
        case 'trailer':
          at = this.#readLine(chunk, at);
          break;
        case 'untilClose':
          this.#counted += chunk.length - at;
          if (this.#counted > MAX_UNMEASURED_BYTES) {
            throw new HttpSyntaxError('HPE_USER', 'an answer without a length does not end');
          }
          this.#listener.onBody(at === 0 ? chunk : chunk.subarray(at));
          at = chunk.length;
          break;
        case 'done':
          throw surplus();
      }
    }
  }

  /**
   * The connection ended.
   *
   * @returns whether the answer is whole
   */
  end(): boolean {
    if (this.#state === 'untilClose') this.#finish();
    return this.#state === 'done';
  }

  #finish(): void {
    this.#state = 'done';
    this.#listener.onEnd();
  }

  #readCounted(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#remaining);
    this.#remaining -= end - at;
    this.#listener.onBody(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end));
    return end;
  }

  #readHead(chunk: Buffer, from: number): number {
    const before = this.#text.length;
    const text = before === 0 ? chunk.subarray(from) : Buffer.concat([this.#text, chunk.subarray(from)]);
    const end = endOfHead(text, before);
    if (end === undefined ? text.length > MAX_HEAD_BYTES : end > MAX_HEAD_BYTES) {
      throw new HttpSyntaxError('HPE_HEADER_OVERFLOW', 'the headers of the answer are too long');
    }
    if (end === undefined) {
      if (!'HTTP/1.'.startsWith(text.toString('latin1', 0, Math.min(text.length, 7)))) throw notHttp();
      this.#text = Buffer.from(text);
      return chunk.length;
    }
    this.#text = EMPTY;
    this.#startBody(text.toString('latin1', 0, end - 4));
    if (this.#state === 'head' && (this.#counted += end) > MAX_HEAD_BYTES) {
      throw new HttpSyntaxError('HPE_HEADER_OVERFLOW', 'the answer is announced and does not come');
    }
    return from + end - before;
  }

  #startBody(text: string): void {
    const head = parseResponseHead(text, this.#method);
    if (head === undefined) return;
    this.#counted = 0;
    this.#listener.onHead(head);
    if (head.framing === 'none') return this.#finish();
    this.#state = head.framing === 'chunked' ? 'chunkLine' : head.framing;
    this.#remaining = head.contentLength ?? 0;
  }

  /** The lines around chunks: a size, the empty one after the data, trailers. */
  #readLine(chunk: Buffer, from: number): number {
    const lf = chunk.indexOf(LF, from);
    const end = lf === -1 ? chunk.length : lf + 1;
    this.#counted += end - from;
    const line = Buffer.concat([this.#text, chunk.subarray(from, end)]);
    const limit = this.#state === 'trailer' ? MAX_HEAD_BYTES : MAX_CHUNK_LINE_BYTES;
    if (line.length > limit || (this.#state === 'trailer' && this.#counted > limit)) {
      throw new HttpSyntaxError('HPE_INVALID_CHUNK_SIZE', 'the answer has a chunk line that is too long');
    }
    if (lf === -1) {
      this.#text = line;
      return end;
    }
    this.#text = EMPTY;
    this.#endLine(line);
    return end;
  }

  #endLine(line: Buffer): void {
    const text = line.toString('latin1', 0, line.length - 2);
    if (line.at(-2) !== CR || CONTROL.test(text)) {
      throw new HttpSyntaxError('HPE_INVALID_CHUNK_SIZE', 'the answer has a broken chunk');
    }
    switch (this.#state) {
      case 'chunkLine': {
        const size = /^([0-9a-fA-F]{1,12})[\t ]*(?:;|$)/.exec(text)?.[1];
        if (size === undefined) throw new HttpSyntaxError('HPE_INVALID_CHUNK_SIZE', 'a chunk without a size');
        this.#remaining = Number.parseInt(size, 16);
        this.#state = this.#remaining === 0 ? 'trailer' : 'chunkData';
        this.#counted = 0;
        return;
      }
      case 'chunkEnd':
        if (text !== '') throw new HttpSyntaxError('HPE_STRICT', 'a chunk is longer than it says');
        this.#state = 'chunkLine';
        return;
      default:
        if (text === '') return this.#finish();
        parseField(text);
    }
  }
}

const EMPTY = Buffer.alloc(0);
/** What may stand in no line; a tab may. */
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

function surplus(): HttpSyntaxError {
  return new HttpSyntaxError('HPE_CLOSED_CONNECTION', 'more came than the answer');
}
