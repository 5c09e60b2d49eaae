import { canonicalRequest, signature, signingKey, stringToSign } from '../../src/auth/sigv4.ts';
import { percentDecode, percentEncode } from '../../src/http/uri.ts';
import type { Reached } from './raw-request.ts';

export interface ToPresign {
  readonly method: string;
  /** Without a query. */
  readonly path: string;
  /** Those that must come with the request; Host is always one. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Signed as well; may replace parameters of the signature. */
  readonly query?: Readonly<Record<string, string>>;
  readonly date?: Date;
  readonly host?: string;
  readonly region?: string;
}

/** Path and query of a presigned request. */
export function presign(sandbox: Reached, raw: ToPresign): string {
  const timestamp = (raw.date ?? new Date()).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = timestamp.slice(0, 8);
  const region = raw.region ?? sandbox.region;
  const scope = `${day}/${region}/s3/aws4_request`;
  const headers = new Map([
    ['host', raw.host ?? new URL(sandbox.endpoint).host],
    ...Object.entries(raw.headers ?? {}),
  ]);
  const signedHeaders = [...headers.keys()].sort();
  const parameters: Record<string, string> = {
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${sandbox.accessKeyId}/${scope}`,
    'X-Amz-Date': timestamp,
    'X-Amz-Expires': '60',
    'X-Amz-SignedHeaders': signedHeaders.join(';'),
    ...raw.query,
  };
  const query = Object.entries(parameters).map(([name, value]) => ({ name, value }));
  const canonical = canonicalRequest({
    method: raw.method,
    pathBytes: percentDecode(raw.path),
    query,
    headers,
    signedHeaders,
    payloadHash: 'UNSIGNED-PAYLOAD',
  });
  const key = signingKey(sandbox.secretAccessKey, day, region);
  const signed = signature(key, stringToSign(timestamp, scope, canonical));
  const encoded = [...query, { name: 'X-Amz-Signature', value: signed }].map(
    ({ name, value }) => `${name}=${percentEncode(Buffer.from(value))}`,
  );
  return `${raw.path}?${encoded.join('&')}`;
}
