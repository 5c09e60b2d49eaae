import { createHash } from 'node:crypto';
import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { crc32 } from 'node:zlib';
import { type ServerCertificate, makeCertificate } from '../../sandbox/src/certificate.ts';

/** What came over the wire, to the letter. */
export interface WireRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Names in lower case; a header that came twice is joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** False where the body did not come to its end. */
  readonly complete: boolean;
  /** Number of the connection that it came over, from 0. */
  readonly connection: number;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Answers before the body of the request is read, and then reads it to its end or not at all. */
  readonly early?: 'drain' | 'ignore';
  /** Cuts the connection instead of an answer. */
  readonly unanswered?: boolean;
  /** Sends so many bytes of the body, then cuts the connection: `reset` hard, `end` as if all had come. */
  readonly cut?: { readonly after: number; readonly by: 'reset' | 'end' };
}

export type WireHandler = (request: WireRequest, index: number) => WireAnswer | Promise<WireAnswer>;

export interface WireServer extends AsyncDisposable {
  /** `https://127.0.0.1:PORT` */
  readonly endpoint: string;
  readonly port: number;
  /** The certificate to trust. */
  readonly caPem: string;
  readonly requests: readonly WireRequest[];
  /** Connections that were made, with or without a request. */
  readonly connections: () => number;
  close(): Promise<void>;
}

export interface WireServerOptions {
  /** http instead of https. */
  readonly plain?: boolean;
  /** Default: one that no other server has. */
  readonly certificate?: ServerCertificate;
}

/**
 * A server that does as the test says and writes down all that came. Nothing of S3 is in it: what a client
 * sends is seen as it left.
 *
 * @param script one answer a request, in order (the last one goes on), or a function
 */
export async function startWireServer(
  script: readonly WireAnswer[] | WireHandler,
  options: WireServerOptions = {},
): Promise<WireServer> {
  const certificate =
    options.plain === true ? undefined : (options.certificate ?? (await makeCertificate(new Date())));
  const requests: WireRequest[] = [];
  const sockets = new Map<Socket, number>();
  let arrived = 0;
  let connected = 0;

  const onRequest = (req: IncomingMessage, res: ServerResponse): void => {
    const index = arrived++;
    void (async () => {
      const scripted = typeof script === 'function' ? undefined : script[Math.min(index, script.length - 1)];
      const body =
        scripted?.early !== undefined ? { bytes: Buffer.alloc(0), complete: false } : await readBody(req);
      const request: WireRequest = {
        method: req.method ?? '',
        path: req.url ?? '',
        headers: Object.fromEntries(
          Object.entries(req.headersDistinct).map(([name, values]) => [name, values?.join(',') ?? '']),
        ),
        body: body.bytes,
        complete: body.complete,
        connection: sockets.get(req.socket) ?? -1,
      };
      requests.push(request);
      if (!body.complete && scripted?.early === undefined) return;
      const answer = typeof script === 'function' ? await script(request, index) : scripted;
      if (answer === undefined) throw new Error('the script of the wire server is empty');
      send(req, res, answer);
    })().catch((error: unknown) => {
      res.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  };

  const server =
    certificate === undefined
      ? createPlainServer(onRequest)
      : createServer({ key: certificate.privateKeyPem, cert: certificate.certificatePem }, onRequest);
  server.on(certificate === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    sockets.set(socket, connected++);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    for (const socket of sockets.keys()) socket.destroy();
    server.closeAllConnections();
    await new Promise<void>((closed) => {
      server.close(() => closed());
    });
  };
  return {
    endpoint: `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    caPem: certificate?.certificatePem ?? '',
    requests,
    connections: () => connected,
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function readBody(req: IncomingMessage): Promise<{ bytes: Buffer; complete: boolean }> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of req) chunks.push(chunk as Buffer);
  } catch {
    return { bytes: Buffer.concat(chunks), complete: false };
  }
  return { bytes: Buffer.concat(chunks), complete: req.complete };
}

function send(req: IncomingMessage, res: ServerResponse, answer: WireAnswer): void {
  if (answer.unanswered === true) {
    req.socket.destroy();
    return;
  }
  const body = Buffer.from(answer.body ?? '');
  const withBody = req.method !== 'HEAD' && answer.status !== 204 && answer.status !== 304;
  res.writeHead(answer.status, {
    ...(withBody ? { 'content-length': String(body.length) } : {}),
    ...answer.headers,
  });
  if (answer.cut !== undefined) {
    const { after, by } = answer.cut;
    res.flushHeaders();
    res.write(body.subarray(0, after), () => {
      // what was written must be read before the connection goes, or it would be lost with it
      setTimeout(() => (by === 'reset' ? req.socket.destroy() : req.socket.end()), 20);
    });
    return;
  }
  res.end(withBody ? body : undefined);
  if (answer.early === 'drain') req.resume();
}

const ALGORITHM = 'x-amz-server-side-encryption-customer-algorithm';
const KEY = 'x-amz-server-side-encryption-customer-key';
const KEY_MD5 = 'x-amz-server-side-encryption-customer-key-md5';

/** The two headers by which S3 proves that it used the key. */
export function echoOf(request: WireRequest): Record<string, string> {
  return {
    [ALGORITHM]: request.headers[ALGORITHM] ?? '',
    [KEY_MD5]: request.headers[KEY_MD5] ?? '',
  };
}

/** Names of the SSE-C headers of a request, of the target and of a copy source. */
export function sseCHeaders(request: WireRequest): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => name.includes('server-side-encryption')),
  );
}

export function s3Error(status: number, code: string, message = code): WireAnswer {
  return {
    status,
    headers: { 'content-type': 'application/xml', 'x-amz-request-id': 'REQUEST1' },
    body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message><RequestId>REQUEST1</RequestId></Error>`,
  };
}

/** The least of an S3 that keeps objects under customer keys: put, get, head, and their refusals. */
export function keepsObjects(): WireHandler {
  const objects = new Map<string, { body: Buffer; keyMd5: string }>();
  return (request) => {
    const [path = ''] = request.path.split('?');
    if (request.method === 'PUT') {
      const key = Buffer.from(request.headers[KEY] ?? '', 'base64');
      const keyMd5 = createHash('md5').update(key).digest('base64');
      if (keyMd5 !== request.headers[KEY_MD5]) return s3Error(400, 'InvalidArgument');
      objects.set(path, { body: request.body, keyMd5 });
      return { status: 200, headers: { etag: '"0123456789abcdef0123456789abcdef"', ...echoOf(request) } };
    }
    const object = objects.get(path);
    if (object === undefined) return s3Error(404, 'NoSuchKey');
    if (request.headers[KEY_MD5] === undefined) return s3Error(400, 'InvalidRequest');
    if (request.headers[KEY_MD5] !== object.keyMd5) return s3Error(403, 'AccessDenied');
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(object.body));
    return {
      status: 200,
      headers: { 'x-amz-checksum-crc32': sum.toString('base64'), ...echoOf(request) },
      body: object.body,
    };
  };
}
