import { timingSafeEqual } from 'node:crypto';
import type { S3Request } from '../http/s3-request.ts';
import type { SandboxSettings } from '../sandbox-options.ts';
import { accessDenied, invalidRequest, notImplemented, S3Error } from '../s3-error.ts';
import { type Authorization, parseAuthorization } from './authorization-header.ts';
import { canonicalRequest, sha256Hex, signature, signingKey, stringToSign } from './sigv4.ts';

const maxSkewMs = 15 * 60_000;

/** Who signed the request, and what the signatures of its chunks go on from. */
export interface Identity {
  readonly region: string;
  readonly scope: string;
  readonly timestamp: string;
  readonly signingKey: Buffer;
  readonly seedSignature: string;
  /** The value of x-amz-content-sha256. */
  readonly payloadHash: string;
}

interface SignedFor {
  readonly service: 's3' | 'sts';
  /** Of the body, where the service asks for no header that says it. */
  readonly payloadHash?: string;
}

/** Judges the Authorization header of a request; throws what S3 answers. */
export function authenticate(
  request: S3Request,
  settings: SandboxSettings,
  now: Date,
  { service, ...known }: SignedFor = { service: 's3' },
): Identity {
  const header = request.headers.get('authorization');
  if (header === undefined) {
    if (
      request.query.some(({ name }) => /^(X-Amz-(Algorithm|Signature)|Signature|AWSAccessKeyId)$/i.test(name))
    ) {
      throw notImplemented('presigned requests');
    }
    throw accessDenied();
  }
  const authorization = parseAuthorization(header, service);
  const timestamp = requestTime(request, authorization, now);
  const payloadHash = known.payloadHash ?? request.headers.get('x-amz-content-sha256');
  if (payloadHash === undefined) {
    throw invalidRequest('Missing required header for this request: x-amz-content-sha256');
  }
  requireSigned(request, authorization);
  checkCredentials(request, authorization, settings);

  const canonical = canonicalRequest({ ...request, signedHeaders: authorization.signedHeaders, payloadHash });
  const text = stringToSign(timestamp, authorization.scope, canonical);
  const key = signingKey(settings.secretAccessKey, authorization.date, authorization.region, service);
  const expected = signature(key, text);
  if (!equal(expected, authorization.signature) || hasRawKeyBytes(request)) {
    throw signatureDoesNotMatch({
      AWSAccessKeyId: authorization.accessKeyId,
      StringToSign: text,
      SignatureProvided: authorization.signature,
    });
  }
  if (settings.expiredToken) {
    const token = request.headers.get('x-amz-security-token');
    throw new S3Error(
      400,
      'ExpiredToken',
      'The provided token has expired.',
      token === undefined ? {} : { 'Token-0': token },
    );
  }
  return {
    region: authorization.region,
    scope: authorization.scope,
    timestamp,
    signingKey: key,
    seedSignature: expected,
    payloadHash,
  };
}

export function signatureDoesNotMatch(fields: Readonly<Record<string, string>> = {}): S3Error {
  return new S3Error(
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    fields,
  );
}

function requestTime(request: S3Request, authorization: Authorization, now: Date): string {
  const amzDate = request.headers.get('x-amz-date');
  const time =
    amzDate === undefined ? Date.parse(request.headers.get('date') ?? '') : parseTimestamp(amzDate);
  if (Number.isNaN(time)) {
    throw accessDenied('AWS authentication requires a valid Date or x-amz-date header');
  }
  if (Math.abs(now.getTime() - time) > maxSkewMs) {
    throw new S3Error(
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
      {
        RequestTime: amzDate ?? new Date(time).toISOString(),
        ServerTime: now.toISOString(),
        MaxAllowedSkewMilliseconds: String(maxSkewMs),
      },
    );
  }
  const timestamp = new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '');
  if (!timestamp.startsWith(authorization.date)) {
    throw new S3Error(
      400,
      'AuthorizationHeaderMalformed',
      `The authorization header is malformed; Invalid credential date "${authorization.date}". This date is not the same as X-Amz-Date: "${timestamp.slice(0, 8)}".`,
    );
  }
  return timestamp;
}

function parseTimestamp(text: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** Host and every x-amz-* header must be signed: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
function requireSigned(request: S3Request, authorization: Authorization): void {
  const signed = new Set(authorization.signedHeaders);
  const missing = [...request.headers.keys()].filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !signed.has(name),
  );
  if (missing.length > 0) {
    throw accessDenied('There were headers present in the request which were not signed', {
      HeadersNotSigned: missing.join(', '),
    });
  }
}

function checkCredentials(request: S3Request, authorization: Authorization, settings: SandboxSettings): void {
  const token = request.headers.get('x-amz-security-token');
  const tokenMissing = settings.sessionToken !== undefined && token === undefined;
  if (authorization.accessKeyId !== settings.accessKeyId || tokenMissing) {
    throw new S3Error(
      403,
      'InvalidAccessKeyId',
      'The AWS Access Key Id you provided does not exist in our records.',
      { AWSAccessKeyId: authorization.accessKeyId },
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
