import { Readable } from 'node:stream';
import { type HttpRequest, buildQueryString } from '@smithy/core/protocols';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { HttpHandlerOptions, HttpResponse } from '@smithy/types';
import { connectTimeoutOf, createAgent } from './connection-agent.ts';
import { SsecError, systemErrorCode } from './errors.ts';
import type { NetworkOptions } from './network-options.ts';
import { Source } from './transfer/source.ts';
import type { BulkRequest, RequestBody } from './transport/bulk-request.ts';
import { BulkTransport } from './transport/bulk-transport.ts';

/** What `client.send` passes along with a request. */
export interface SsecHandlerOptions extends HttpHandlerOptions {
  /** The request carries an object or a part: it goes the short way where no proxy is between. */
  readonly bulk?: boolean;
}

/**
 * The last code before the socket, a thin layer on the SDK's own handler: it pins TLS whatever the environment
 * says, goes through the proxy, opens a `Source` anew for each attempt, and refuses what must not leave.
 */
export class SsecRequestHandler {
  readonly metadata = { handlerProtocol: 'http/1.1' };
  readonly #network: NetworkOptions;
  readonly #guard: ((request: HttpRequest) => void) | undefined;
  readonly #handlers = new Map<string, NodeHttpHandler>();
  readonly #bulk: BulkTransport;
  /** Told of every answer, those to tries that are repeated as well; where it throws, that is the outcome. */
  onAnswer: ((response: HttpResponse, request: HttpRequest) => void) | undefined;

  /** @param guard throws where a request must not be sent; asked for each attempt */
  constructor(network: NetworkOptions, guard?: (request: HttpRequest) => void) {
    this.#network = network;
    this.#guard = guard;
    this.#bulk = new BulkTransport(network);
  }

  async handle(request: HttpRequest, options: SsecHandlerOptions = {}): Promise<{ response: HttpResponse }> {
    this.#guard?.(request);
    const startedAt = performance.now();
    let result: { response: HttpResponse };
    try {
      result = await this.#send(request, options);
      this.#report(request, startedAt, { response: result.response });
    } catch (error) {
      this.#report(request, startedAt, { error });
      throw error;
    }
    this.onAnswer?.(result.response, request);
    return result;
  }

  destroy(): void {
    for (const handler of this.#handlers.values()) handler.destroy();
    this.#handlers.clear();
    this.#bulk.destroy();
  }

  /** The SDK asks for these two; what they would change is fixed here. */
  updateHttpClientConfig(): void {}
  httpHandlerConfigs(): Record<string, never> {
    return {};
  }

  async #send(request: HttpRequest, options: SsecHandlerOptions): Promise<{ response: HttpResponse }> {
    const proxy = this.#proxyFor(request);
    if (proxy === '' && options.bulk === true) {
      return { response: await this.#bulk.send(bulkRequest(request, options)) };
    }
    try {
      return await this.#sendThrough(this.#handlerFor(proxy), request, options);
    } catch (error) {
      throw (proxy === '' ? undefined : proxyError(error, proxy)) ?? error;
    }
  }

  async #sendThrough(
    handler: NodeHttpHandler,
    request: HttpRequest,
    options: HttpHandlerOptions,
  ): Promise<{ response: HttpResponse }> {
    const source: unknown = request.body;
    if (!(source instanceof Source)) return handler.handle(request, options);
    const body = source.open();
    // the signer signed this very object; only its body is another from here on
    const attempt = Object.assign(Object.create(Object.getPrototypeOf(request)), request, { body });
    if (!(body instanceof Readable)) {
      const result = await handler.handle(attempt, options);
      source.onSent(body.length);
      return result;
    }
    return sendStream(handler, attempt, body, options);
  }

  /** The proxy for a request; empty = none. */
  #proxyFor(request: HttpRequest): string {
    return this.#network.proxyFor?.(`${request.protocol}//${hostOf(request)}/`) ?? '';
  }

  #handlerFor(proxy: string): NodeHttpHandler {
    let handler = this.#handlers.get(proxy);
    if (handler === undefined) {
      handler = new NodeHttpHandler({
        httpsAgent: createAgent(this.#network, proxy),
        connectionTimeout: connectTimeoutOf(this.#network),
        socketTimeout: this.#network.socketTimeoutMs ?? 60_000,
        // the SDK's wait-for-a-socket warning is not for users
        logger: silentLogger,
      });
      this.#handlers.set(proxy, handler);
    }
    return handler;
  }

  #report(
    request: HttpRequest,
    startedAt: number,
    outcome: { response?: HttpResponse; error?: unknown },
  ): void {
    if (this.#network.onRequest === undefined) return;
    const query = Object.entries(request.query ?? {})
      .map(([name, value]) => (value === '' || value === null ? name : `${name}=${String(value)}`))
      .join('&');
    const attempt = /attempt=(\d+)/.exec(request.headers['amz-sdk-request'] ?? '')?.[1];
    const requestId = outcome.response?.headers['x-amz-request-id'];
    this.#network.onRequest({
      method: request.method,
      host: hostOf(request),
      path: request.path + (query === '' ? '' : `?${query}`),
      attempt: attempt === undefined ? 1 : Number(attempt),
      elapsedMs: performance.now() - startedAt,
      ...(outcome.response === undefined ? {} : { status: outcome.response.statusCode }),
      ...(requestId === undefined ? {} : { requestId }),
      ...(outcome.error === undefined ? {} : { failure: describe(outcome.error) }),
    });
  }
}

/** Name and port, as a URL has them. */
export function hostOf({ hostname, port }: HttpRequest): string {
  return hostname + (port === undefined ? '' : `:${port}`);
}

/** @throws Error where the body is none that can be sent again */
function bulkRequest(request: HttpRequest, options: SsecHandlerOptions): BulkRequest {
  const query = buildQueryString(request.query ?? {});
  const body: unknown = request.body;
  const { openBody, size, onSent } = bodyOf(body);
  const declared = request.headers['content-length'];
  return {
    method: request.method,
    target: request.path + (query === '' ? '' : `?${query}`),
    hostname: request.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: request.port ?? 443,
    headers: request.headers,
    contentLength: declared === undefined ? size : Number(declared),
    openBody,
    onSent,
    signal: options.abortSignal instanceof AbortSignal ? options.abortSignal : undefined,
  };
}

function bodyOf(body: unknown): {
  openBody: () => RequestBody;
  size: number;
  onSent: ((bytes: number) => void) | undefined;
} {
  if (body instanceof Source) {
    return { openBody: () => body.open(), size: body.size, onSent: (bytes) => body.onSent(bytes) };
  }
  if (body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array)) {
    throw new SsecError('INTERNAL', 'A body that cannot be sent twice was given to the bulk transport.');
  }
  const bytes =
    body instanceof Uint8Array
      ? Buffer.from(body.buffer, body.byteOffset, body.byteLength)
      : Buffer.from(body ?? '');
  return { openBody: () => bytes, size: bytes.length, onSent: undefined };
}

/**
 * The SDK's handler pipes a stream into the request and never hears of its failure; here the request is
 * aborted and the stream's own error is thrown.
 */
async function sendStream(
  handler: NodeHttpHandler,
  request: HttpRequest,
  body: Readable,
  options: HttpHandlerOptions,
): Promise<{ response: HttpResponse }> {
  const controller = new AbortController();
  const outer = options.abortSignal instanceof AbortSignal ? options.abortSignal : undefined;
  const abort = (): void => controller.abort(outer?.reason);
  if (outer?.aborted === true) abort();
  outer?.addEventListener('abort', abort);
  const failed = new Promise<never>((_, reject) => {
    body.once('error', (error) => {
      reject(error);
      controller.abort();
    });
  });
  try {
    const result = await Promise.race([
      handler.handle(request, { ...options, abortSignal: controller.signal }),
      failed,
    ]);
    stopWhenRead(result.response.body, body, controller);
    return result;
  } catch (error) {
    body.destroy();
    throw error;
  } finally {
    failed.catch(() => undefined);
    outer?.removeEventListener('abort', abort);
  }
}

/**
 * An answer may come before all of the body went out (a refusal): once it is read, sending stops, and the
 * connection, which would wait for the rest, is closed.
 */
function stopWhenRead(answer: unknown, body: Readable, request: AbortController): void {
  if (!(answer instanceof Readable)) return;
  answer.once('close', () => {
    if (!body.readableEnded) request.abort();
    body.destroy();
  });
}

/** Behind a proxy, whatever fails before there is a connection is the proxy's: it looks the server up itself. */
function proxyError(error: unknown, proxy: string): SsecError | undefined {
  if (!(error instanceof Error) || !('syscall' in error)) return undefined;
  if (error.syscall !== 'connect' && error.syscall !== 'getaddrinfo') return undefined;
  const url = URL.canParse(proxy) ? new URL(proxy) : undefined;
  return new SsecError(
    'NETWORK',
    `The proxy ${url?.host ?? ''} cannot be reached (${systemErrorCode(error) ?? 'unknown'}).`,
    { hints: ['look at HTTPS_PROXY and NO_PROXY'], cause: error },
  );
}

function describe(error: unknown): string {
  if (error instanceof SsecError) return error.code;
  if (error instanceof Error)
    return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return 'failed';
}

const silence = (): void => undefined;
/** For every place of the SDK that would otherwise write to the console. */
export const silentLogger = { trace: silence, debug: silence, info: silence, warn: silence, error: silence };
