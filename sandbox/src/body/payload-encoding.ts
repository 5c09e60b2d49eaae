import type { S3Request } from '../http/s3-request.ts';
import { headerNotImplemented, invalidArgument, notImplemented, S3Error } from '../s3-error.ts';

/** How x-amz-content-sha256 says that the body is sent. */
export type PayloadEncoding =
  | { readonly kind: 'hashed'; readonly sha256: string }
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'chunked'; readonly signed: boolean; readonly trailer: boolean };

const chunkedEncodings: Readonly<Record<string, PayloadEncoding>> = {
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': { kind: 'chunked', signed: false, trailer: true },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': { kind: 'chunked', signed: true, trailer: false },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': { kind: 'chunked', signed: true, trailer: true },
};

export function readPayloadEncoding(payloadHash: string): PayloadEncoding {
  if (payloadHash === 'UNSIGNED-PAYLOAD') return { kind: 'unsigned' };
  const chunked = chunkedEncodings[payloadHash];
  if (chunked !== undefined) return chunked;
  if (payloadHash.startsWith('STREAMING-')) throw notImplemented(`the payload encoding ${payloadHash}`);
  if (/^[0-9a-f]{64}$/i.test(payloadHash)) return { kind: 'hashed', sha256: payloadHash.toLowerCase() };
  throw invalidArgument(
    'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.',
    'x-amz-content-sha256',
    payloadHash,
  );
}

/** Bytes of content: the decoded ones where the body is chunked. S3 wants to know before it reads. */
export function readContentLength(request: S3Request, encoding: PayloadEncoding): number {
  const isChunked = encoding.kind === 'chunked';
  if (!isChunked && request.headers.has('transfer-encoding')) throw headerNotImplemented('Transfer-Encoding');
  const length = request.headers.get(isChunked ? 'x-amz-decoded-content-length' : 'content-length');
  if (length === undefined || !/^\d{1,15}$/.test(length)) {
    throw new S3Error(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
  }
  return Number(length);
}
