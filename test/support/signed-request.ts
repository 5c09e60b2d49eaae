import { createHash, createHmac } from 'node:crypto';
import { type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { ServerAccess } from './plain-client.ts';

export interface SignedRequest {
  readonly method: string;
  readonly bucket: string;
  /** Object key as it is; '' = the bucket. */
  readonly key: string;
  /** As it goes on the wire, canonical: `encryption=`. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Sends it there, over plain http. */
  readonly httpEndpoint?: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** S3's error code, and its words. */
  readonly code: string | undefined;
  readonly message: string | undefined;
}

/**
 * One request as it is written, signed by Signature Version 4 and by nothing of ours: neither the client nor the
 * sandbox has a part in it.
 */
export function send(server: ServerAccess, raw: SignedRequest): Promise<RawAnswer> {
  const endpoint = new URL(
    raw.httpEndpoint ?? server.endpoint ?? `https://s3.${server.region}.amazonaws.com`,
  );
  const path = `/${raw.bucket}${raw.key === '' ? '' : '/'}${encode(raw.key)}`;
  const body = raw.body ?? Buffer.alloc(0);
  const headers = sign(server, { ...raw, body }, endpoint, path);
  const options = {
    host: endpoint.hostname,
    port: endpoint.port,
    method: raw.method,
    path: raw.query === undefined ? path : `${path}?${raw.query}`,
    headers: { ...headers, 'content-length': String(body.length) },
  };
  return new Promise((done, failed) => {
    const isHttp = endpoint.protocol === 'http:';
    const request = isHttp
      ? httpRequest(options)
      : httpsRequest({ ...options, ...(server.caPem === undefined ? {} : { ca: server.caPem }) });
    request.on('error', failed);
    request.on('response', (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', failed);
      response.on('end', () => {
        const received = Buffer.concat(pieces);
        const text = received.toString();
        const element = (name: string): string | undefined =>
          new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1]?.replaceAll('&quot;', '"');
        done({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: received,
          code: element('Code'),
          message: element('Message'),
        });
      });
    });
    request.end(body);
  });
}

/** The three headers of a customer key. */
export function keyHeaders(key: Buffer): Record<string, string> {
  return {
    'x-amz-server-side-encryption-customer-algorithm': 'AES256',
    'x-amz-server-side-encryption-customer-key': key.toString('base64'),
    'x-amz-server-side-encryption-customer-key-md5': createHash('md5').update(key).digest('base64'),
  };
}

function sign(
  server: ServerAccess,
  raw: SignedRequest & { readonly body: Buffer },
  endpoint: URL,
  path: string,
): Record<string, string> {
  const { accessKeyId, secretAccessKey, sessionToken } = server.credentials;
  const time = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${time.slice(0, 8)}/${server.region}/s3/aws4_request`;
  const hash = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
  const headers: Record<string, string> = {
    ...raw.headers,
    host: endpoint.host,
    'x-amz-date': time,
    'x-amz-content-sha256': hash(raw.body),
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
  };
  const names = Object.keys(headers).sort();
  const canonical = [
    raw.method,
    path,
    raw.query ?? '',
    ...names.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    names.join(';'),
    hash(raw.body),
  ].join('\n');
  const signingKey = [time.slice(0, 8), server.region, 's3', 'aws4_request'].reduce<Buffer>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
  const text = ['AWS4-HMAC-SHA256', time, scope, hash(canonical)].join('\n');
  const signature = createHmac('sha256', signingKey).update(text).digest('hex');
  headers['authorization'] =
    `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return headers;
}

/** URL-encoding of an object key in a path: all but unreserved characters and slashes. */
function encode(key: string): string {
  return [...Buffer.from(key)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return byte < 0x80 && /[A-Za-z0-9._~/-]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
