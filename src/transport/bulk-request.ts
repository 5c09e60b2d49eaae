import type { Readable } from 'node:stream';

/** The bytes of a request; where they are a `Source`'s, a stream or a buffer that is opened for each sending. */
export type RequestBody = Readable | Buffer;

/** A request as it goes over the wire. */
export interface BulkRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly hostname: string;
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of the body. */
  readonly contentLength: number;
  /** The body from its start, anew on each call. */
  readonly openBody: () => RequestBody;
  /** Called with the bytes of the body that left so far. */
  readonly onSent: ((bytes: number) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Request line and headers. What would break out of its line is refused, as `node:http` does.
 *
 * @throws TypeError with the code that `node:http` uses
 */
export function formatRequestHead(request: BulkRequest): string {
  if (!TOKEN.test(request.method)) throw invalid('ERR_INVALID_HTTP_TOKEN', 'the method');
  if (!/^[\x21-\xff]+$/.test(request.target)) throw invalid('ERR_UNESCAPED_CHARACTERS', 'the path');
  let head = `${request.method} ${request.target} HTTP/1.1\r\n`;
  let host = false;
  for (const [name, value] of Object.entries(request.headers)) {
    const lower = name.toLowerCase();
    if (OURS.has(lower)) continue;
    host ||= lower === 'host';
    if (!TOKEN.test(name)) throw invalid('ERR_INVALID_HTTP_TOKEN', 'the name of a header');
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) throw invalid('ERR_INVALID_CHAR', `the header ${name}`);
    head += `${name}: ${value}\r\n`;
  }
  if (!host) head += `host: ${request.hostname}${request.port === 443 ? '' : `:${request.port}`}\r\n`;
  if (request.contentLength > 0 || request.method === 'PUT') {
    head += `content-length: ${request.contentLength}\r\n`;
  }
  return `${head}connection: keep-alive\r\n\r\n`;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** How a message is framed is decided here alone. */
const OURS = new Set([
  'content-length',
  'transfer-encoding',
  'connection',
  'expect',
  'keep-alive',
  'upgrade',
]);

function invalid(code: string, what: string): TypeError {
  return Object.assign(new TypeError(`Invalid character in ${what}`), { code });
}
