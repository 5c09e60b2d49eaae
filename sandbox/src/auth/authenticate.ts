import { timingSafeEqual } from 'node:crypto';
import type { S3Request } from '../http/s3-request.ts';
import type { SandboxSettings } from '../sandbox-options.ts';
import { accessDenied, invalidArgument, invalidRequest, notImplemented, S3Error } from '../s3-error.ts';
import { readAuthorizationHeader } from './authorization-header.ts';
import { isPresigned, readPresignedQuery } from './presigned-query.ts';
import type { RequestSignature } from './request-signature.ts';
import { canonicalRequest, sha256Hex, signature, signingKey, stringToSign } from './sigv4.ts';

/** Who signed the request, and what the signatures of its chunks go on from. */
export interface Identity {
  /** By a URL's query, not by a header. */
  readonly presigned: boolean;
  readonly region: string;
  readonly scope: string;
  readonly timestamp: string;
  readonly signingKey: Buffer;
  readonly seedSignature: string;
  /** The value of x-amz-content-sha256, which a presigned request need not have. */
  readonly payloadHash: string;
}

interface SignedFor {
  readonly service: 's3' | 'sts';
  /** Of the body, where the service asks for no header that says it. */
  readonly payloadHash?: string;
}

/** Judges the signature of a request; throws what S3 answers. */
export function authenticate(
  request: S3Request,
  settings: SandboxSettings,
  now: Date,
  { service, ...known }: SignedFor = { service: 's3' },
): Identity {
  const signed = readSignature(request, service, now);
  const payloadHash = known.payloadHash ?? signed.payloadHash;
  if (payloadHash === undefined) {
    throw invalidRequest('Missing required header for this request: x-amz-content-sha256');
  }
  requireSigned(request, signed);
  checkCredentials(signed, settings);

  const canonical = canonicalRequest({
    ...request,
    query: signed.query,
    signedHeaders: signed.signedHeaders,
    payloadHash,
  });
  const text = stringToSign(signed.timestamp, signed.scope, canonical);
  const key = signingKey(settings.secretAccessKey, signed.date, signed.region, service);
  const expected = signature(key, text);
  if (!equal(expected, signed.signature) || hasRawKeyBytes(request)) {
    throw signatureDoesNotMatch({
      AWSAccessKeyId: signed.accessKeyId,
      StringToSign: text,
      SignatureProvided: signed.signature,
    });
  }
  if (settings.expiredToken) {
    const token = signed.sessionToken;
    throw new S3Error(
      400,
      'ExpiredToken',
      'The provided token has expired.',
      token === undefined ? {} : { 'Token-0': token },
    );
  }
  return {
    presigned: signed.presigned,
    region: signed.region,
    scope: signed.scope,
    timestamp: signed.timestamp,
    signingKey: key,
    seedSignature: expected,
    payloadHash,
  };
}

function readSignature(request: S3Request, service: 's3' | 'sts', now: Date): RequestSignature {
  const header = request.headers.get('authorization');
  const presigned = isPresigned(request);
  if (header !== undefined && presigned) {
    throw invalidArgument(
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
      'Authorization',
      header,
    );
  }
  if (header !== undefined) return readAuthorizationHeader(request, header, service, now);
  if (presigned) return readPresignedQuery(request, service, now);
  if (request.query.some(({ name }) => name === 'Signature' || name === 'AWSAccessKeyId')) {
    throw notImplemented('Signature Version 2');
  }
  throw accessDenied();
}

export function signatureDoesNotMatch(fields: Readonly<Record<string, string>> = {}): S3Error {
  return new S3Error(
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    fields,
  );
}

/** Host and every x-amz-* header must be signed: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
function requireSigned(request: S3Request, { signedHeaders }: RequestSignature): void {
  const signed = new Set(signedHeaders);
  const missing = [...request.headers.keys()].filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !signed.has(name),
  );
  if (missing.length > 0) {
    throw accessDenied('There were headers present in the request which were not signed', {
      HeadersNotSigned: missing.join(', '),
    });
  }
}

function checkCredentials(signed: RequestSignature, settings: SandboxSettings): void {
  const { accessKeyId, sessionToken: token } = signed;
  const tokenMissing = settings.sessionToken !== undefined && token === undefined;
  if (accessKeyId !== settings.accessKeyId || tokenMissing) {
    throw new S3Error(
      403,
      'InvalidAccessKeyId',
      'The AWS Access Key Id you provided does not exist in our records.',
      { AWSAccessKeyId: accessKeyId },
    );
  }
  if (token !== settings.sessionToken) {
    throw new S3Error(400, 'InvalidToken', 'The provided token is malformed or otherwise invalid.', {
      'Token-0': token ?? '',
    });
  }
}

/** S3 answers SignatureDoesNotMatch to a customer key header that is not ASCII, however it was signed. */
function hasRawKeyBytes(request: S3Request): boolean {
  const key = request.headers.get('x-amz-server-side-encryption-customer-key') ?? '';
  return Buffer.from(key, 'latin1').some((byte) => byte > 0x7f);
}

function equal(expected: string, given: string): boolean {
  return timingSafeEqual(Buffer.from(sha256Hex(expected)), Buffer.from(sha256Hex(given)));
}
