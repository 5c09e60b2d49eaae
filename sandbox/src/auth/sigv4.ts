import { createHash, createHmac } from 'node:crypto';
import { percentEncode } from '../http/uri.ts';
import type { QueryParameter } from '../http/s3-request.ts';

// Signature Version 4 for S3: the path is encoded once and not normalised.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html

export const algorithm = 'AWS4-HMAC-SHA256';

export interface CanonicalInput {
  readonly method: string;
  readonly pathBytes: Buffer;
  readonly query: readonly QueryParameter[];
  readonly headers: ReadonlyMap<string, string>;
  readonly signedHeaders: readonly string[];
  readonly payloadHash: string;
}

export function canonicalRequest(input: CanonicalInput): string {
  const query = input.query
    .map(({ name, value }) => [percentEncode(Buffer.from(name)), percentEncode(Buffer.from(value))] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => order(nameA, nameB) || order(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  // By name, whatever order the client names them in: curl 7.88 has `key-md5` before `key`, and is refused by S3.
  const names = [...input.signedHeaders].sort(order);
  const headers = names.map(
    (name) => `${name}:${(input.headers.get(name) ?? '').trim().replace(/ +/g, ' ')}\n`,
  );
  return [
    input.method,
    percentEncode(input.pathBytes, '/'),
    query,
    headers.join(''),
    names.join(';'),
    input.payloadHash,
  ].join('\n');
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export function stringToSign(timestamp: string, scope: string, canonical: string): string {
  // Header values are latin1 strings: this gives back the bytes that were received, and signed.
  return [algorithm, timestamp, scope, sha256Hex(Buffer.from(canonical, 'latin1'))].join('\n');
}

export function signingKey(secretAccessKey: string, date: string, region: string, service = 's3'): Buffer {
  const ofDate = hmac(`AWS4${secretAccessKey}`, date);
  return hmac(hmac(hmac(ofDate, region), service), 'aws4_request');
}

export function signature(key: Buffer, text: string): string {
  return hmac(key, text).toString('hex');
}

export function sha256Hex(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
