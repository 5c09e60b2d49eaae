import { createHash } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { canonicalRequest, signature, signingKey, stringToSign } from '../../src/auth/sigv4.ts';
import { percentDecode } from '../../src/http/uri.ts';
import type { Sandbox } from '../../src/index.ts';

export interface RawRequest {
  readonly method: string;
  /** As it goes on the wire, query included. */
  readonly path: string;
  /** All of them are signed. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent, but left out of the signature. */
  readonly unsignedHeaders?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** Default: the hash of the body. */
  readonly payloadHash?: string;
  readonly http?: boolean;
  readonly region?: string;
  /** Default: s3. */
  readonly service?: string;
  readonly secretAccessKey?: string;
  readonly date?: Date;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** The text of an element of the answer. */
  xml(name: string): string | undefined;
}

/** What a request needs to know of a sandbox. */
export type Reached = Pick<
  Sandbox,
  'endpoint' | 'httpEndpoint' | 'region' | 'accessKeyId' | 'secretAccessKey' | 'caPem'
>;

/** The headers of a request, signed by Signature Version 4. */
export function signedHeaders(sandbox: Reached, raw: RawRequest): Record<string, string> {
  const date = raw.date ?? new Date();
  const timestamp = date.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const region = raw.region ?? sandbox.region;
  const scope = `${timestamp.slice(0, 8)}/${region}/${raw.service ?? 's3'}/aws4_request`;
  const [path = '', query = ''] = raw.path.split('?');
  const payloadHash =
    raw.payloadHash ??
    createHash('sha256')
      .update(raw.body ?? '')
      .digest('hex');
  const headers: Record<string, string> = {
    host: new URL(raw.http === true ? (sandbox.httpEndpoint ?? '') : sandbox.endpoint).host,
    'x-amz-date': timestamp,
    'x-amz-content-sha256': payloadHash,
  };
  for (const [name, value] of Object.entries(raw.headers ?? {})) headers[name.toLowerCase()] = value;
  const names = Object.keys(headers).sort();
  const canonical = canonicalRequest({
    method: raw.method,
    pathBytes: percentDecode(path),
    query: query
      .split('&')
      .filter((pair) => pair !== '')
      .map((pair) => pair.split('=').map((part) => percentDecode(part).toString()))
      .map(([name = '', value = '']) => ({ name, value })),
    headers: new Map(Object.entries(headers)),
    signedHeaders: names,
    payloadHash,
  });
  const key = signingKey(
    raw.secretAccessKey ?? sandbox.secretAccessKey,
    timestamp.slice(0, 8),
    region,
    raw.service,
  );
  const signed = signature(key, stringToSign(timestamp, scope, canonical));
  return {
    ...headers,
    ...raw.unsignedHeaders,
    authorization: `AWS4-HMAC-SHA256 Credential=${sandbox.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signed}`,
  };
}

export function send(sandbox: Reached, raw: RawRequest): Promise<RawResponse> {
  return sendHeaders(sandbox, raw, signedHeaders(sandbox, raw));
}

export function sendHeaders(
  sandbox: Reached,
  raw: RawRequest,
  headers: Readonly<Record<string, string>>,
): Promise<RawResponse> {
  const isHttp = raw.http === true;
  const endpoint = new URL(isHttp ? (sandbox.httpEndpoint ?? '') : sandbox.endpoint);
  const body = Buffer.from(raw.body ?? '');
  const hasBody = raw.body !== undefined || raw.method === 'PUT';
  return new Promise((resolve, reject) => {
    const request = (isHttp ? httpRequest : httpsRequest)(
      {
        host: endpoint.hostname,
        port: endpoint.port,
        method: raw.method,
        path: raw.path,
        headers: { ...(hasBody ? { 'content-length': String(body.length) } : {}), ...headers },
        ...(isHttp ? {} : { ca: sandbox.caPem, servername: 'localhost' }),
      },
      (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () => {
          const received = Buffer.concat(pieces);
          const text = received.toString();
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: received,
            text,
            xml: (name) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1],
          });
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** The three headers of a customer key. */
export function sseC(bytes: Buffer): Record<string, string> {
  return {
    'x-amz-server-side-encryption-customer-algorithm': 'AES256',
    'x-amz-server-side-encryption-customer-key': bytes.toString('base64'),
    'x-amz-server-side-encryption-customer-key-md5': createHash('md5').update(bytes).digest('base64'),
  };
}
