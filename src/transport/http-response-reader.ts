/** Status line and headers of an answer. */
export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  /** Names in lower case; one that came twice is joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of the body, where the head tells. */
  readonly contentLength: number | undefined;
  /** Whether the connection may be used again after this answer. */
  readonly keepAlive: boolean;
}

/** What a reader found, in order: one head, the body in pieces, the end. */
export interface ResponseListener {
  onHead(head: ResponseHead): void;
  /** The bytes are the listener's only until it returns. */
  onBody(bytes: Buffer): void;
  onEnd(): void;
}

/**
 * An answer that is not HTTP/1.1 as we take it. Its `code` is one that Node.js's own parser uses, so that one table
 * serves both; the message never repeats what the server sent.
 */
export class HttpSyntaxError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'HttpSyntaxError';
    this.code = code;
  }
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
    const { status, reason, version, fields } = parseHead(text);
    if (status < 200) {
      // 100 and its like announce an answer; 101 would make the connection something else
      if (status === 101) throw new HttpSyntaxError('HPE_INVALID_STATUS', 'the answer changes the protocol');
      return;
    }
    const contentLength = lengthOf(fields);
    const chunked = isChunked(fields, contentLength, version);
    const keepAlive = version === '1.1' && !closes(fields);
    const bodiless = this.#method === 'HEAD' || status === 204 || status === 304;
    const head: ResponseHead = {
      status,
      reason,
      headers: Object.fromEntries([...fields].map(([name, values]) => [name, values.join(', ')])),
      contentLength: bodiless ? 0 : contentLength,
      keepAlive: keepAlive && (bodiless || chunked || contentLength !== undefined),
    };
    if (!bodiless && !chunked && contentLength === undefined && (status < 300 || keepAlive)) {
      throw new HttpSyntaxError('HPE_INVALID_CONTENT_LENGTH', 'the answer does not say how long it is');
    }
    this.#listener.onHead(head);
    if (bodiless || (!chunked && contentLength === 0)) return this.#finish();
    this.#counted = 0;
    this.#state = chunked ? 'chunkLine' : contentLength === undefined ? 'untilClose' : 'length';
    this.#remaining = contentLength ?? 0;
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

/**
 * The end of a head that begins at 0, or undefined. Line ends are looked at here and not in the lines: a head that
 * breaks them might never end.
 *
 * @param from what was looked at before
 */
function endOfHead(text: Buffer, from: number): number | undefined {
  for (let i = from; i < text.length; i++) {
    const byte = text[i] as number;
    const last = i === 0 ? 0 : text[i - 1];
    if ((byte === LF) !== (last === CR)) throw invalidHeader('line end');
    if (byte === LF && i >= 3 && text[i - 2] === LF) return i + 1;
    if ((byte < 32 && byte !== CR && byte !== LF && byte !== 9) || byte === 127) {
      throw invalidHeader('control character');
    }
  }
  return undefined;
}

interface Head {
  readonly status: number;
  readonly reason: string;
  readonly version: string;
  readonly fields: ReadonlyMap<string, readonly string[]>;
}

function parseHead(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n');
  const [, version, status, reason] = /^HTTP\/(1\.[01]) ([1-9]\d\d)(?: (.*))?$/.exec(first) ?? [];
  if (version === undefined || status === undefined) throw notHttp();
  const fields = new Map<string, string[]>();
  for (const line of lines) {
    const { name, value } = parseField(line);
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [value]);
    else values.push(value);
  }
  return { status: Number(status), reason: reason ?? '', version, fields };
}

/** A line that begins with a blank (the folding of old) has no name, and is refused with all that have none. */
function parseField(line: string): { name: string; value: string } {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(0, colon));
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) throw invalidHeader('name');
  return { name: name.toLowerCase(), value: line.slice(colon + 1).replace(/^[\t ]+|[\t ]+$/g, '') };
}

function lengthOf(fields: Head['fields']): number | undefined {
  const values = fields.get('content-length');
  if (values === undefined) return undefined;
  const [value = ''] = values;
  if (!/^\d{1,15}$/.test(value) || values.some((other) => other !== value)) {
    throw new HttpSyntaxError('HPE_INVALID_CONTENT_LENGTH', 'the answer has a length that is none');
  }
  return Number(value);
}

function isChunked(fields: Head['fields'], contentLength: number | undefined, version: string): boolean {
  const codings = fields.get('transfer-encoding');
  if (codings === undefined) return false;
  if (codings.length !== 1 || codings[0]?.toLowerCase() !== 'chunked' || version !== '1.1') {
    throw new HttpSyntaxError(
      'HPE_INVALID_TRANSFER_ENCODING',
      'the answer has a transfer coding unknown here',
    );
  }
  if (contentLength !== undefined) {
    throw new HttpSyntaxError('HPE_UNEXPECTED_CONTENT_LENGTH', 'the answer is chunked and has a length');
  }
  return true;
}

function closes(fields: Head['fields']): boolean {
  return (fields.get('connection') ?? []).some((value) => /(?:^|[,\t ])close(?:$|[,\t ])/i.test(value));
}

function invalidHeader(what: string): HttpSyntaxError {
  return new HttpSyntaxError('HPE_INVALID_HEADER_TOKEN', `the answer has a header with a wrong ${what}`);
}

function notHttp(): HttpSyntaxError {
  return new HttpSyntaxError('HPE_INVALID_VERSION', 'the answer is not HTTP/1.1');
}

function surplus(): HttpSyntaxError {
  return new HttpSyntaxError('HPE_CLOSED_CONNECTION', 'more came than the answer');
}
