/** Status line and headers of an answer. */
export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  /** Names in lower case; one that came twice is joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** How the end of the body is known. */
  readonly framing: 'none' | 'length' | 'chunked' | 'untilClose';
  /** Bytes of the body, where the head tells. */
  readonly contentLength: number | undefined;
  /** Whether the connection may be used again after this answer. */
  readonly keepAlive: boolean;
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

const CR = 13;
const LF = 10;

/**
 * @param text a whole head without the empty line that ends it
 * @param method of the request: an answer to HEAD has no body
 * @returns undefined for an interim answer (1xx), which another follows
 * @throws HttpSyntaxError
 */
export function parseResponseHead(text: string, method: string): ResponseHead | undefined {
  const { status, reason, version, fields } = parseLines(text);
  if (status < 200) {
    // 100 and its like announce an answer; 101 would make the connection something else
    if (status === 101) throw new HttpSyntaxError('HPE_INVALID_STATUS', 'the answer changes the protocol');
    return undefined;
  }
  const contentLength = lengthOf(fields);
  const chunked = isChunked(fields, contentLength, version);
  const keepAlive = version === '1.1' && !closes(fields);
  const bodiless = method === 'HEAD' || status === 204 || status === 304 || (!chunked && contentLength === 0);
  const framing = bodiless
    ? 'none'
    : chunked
      ? 'chunked'
      : contentLength === undefined
        ? 'untilClose'
        : 'length';
  // an end of the connection proves nothing; for an error page of a load balancer it will do
  if (framing === 'untilClose' && (status < 300 || keepAlive)) {
    throw new HttpSyntaxError('HPE_INVALID_CONTENT_LENGTH', 'the answer does not say how long it is');
  }
  return {
    status,
    reason,
    headers: Object.fromEntries([...fields].map(([name, values]) => [name, values.join(', ')])),
    framing,
    contentLength: bodiless ? 0 : contentLength,
    keepAlive,
  };
}

/**
 * The end of a head that begins at 0, or undefined. Line ends are looked at here and not in the lines: a head that
 * breaks them might never end.
 *
 * @param from what was looked at before
 */
export function endOfHead(text: Buffer, from: number): number | undefined {
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

interface Lines {
  readonly status: number;
  readonly reason: string;
  readonly version: string;
  readonly fields: ReadonlyMap<string, readonly string[]>;
}

function parseLines(text: string): Lines {
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
export function parseField(line: string): { name: string; value: string } {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(0, colon));
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) throw invalidHeader('name');
  return { name: name.toLowerCase(), value: line.slice(colon + 1).replace(/^[\t ]+|[\t ]+$/g, '') };
}

function lengthOf(fields: Lines['fields']): number | undefined {
  const values = fields.get('content-length');
  if (values === undefined) return undefined;
  const [value = ''] = values;
  if (!/^\d{1,15}$/.test(value) || values.some((other) => other !== value)) {
    throw new HttpSyntaxError('HPE_INVALID_CONTENT_LENGTH', 'the answer has a length that is none');
  }
  return Number(value);
}

function isChunked(fields: Lines['fields'], contentLength: number | undefined, version: string): boolean {
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

function closes(fields: Lines['fields']): boolean {
  return (fields.get('connection') ?? []).some((value) => /(?:^|[,\t ])close(?:$|[,\t ])/i.test(value));
}

function invalidHeader(what: string): HttpSyntaxError {
  return new HttpSyntaxError('HPE_INVALID_HEADER_TOKEN', `the answer has a header with a wrong ${what}`);
}

export function notHttp(): HttpSyntaxError {
  return new HttpSyntaxError('HPE_INVALID_VERSION', 'the answer is not HTTP/1.1');
}
