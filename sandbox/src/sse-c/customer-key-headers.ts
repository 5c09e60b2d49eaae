import { createHash } from 'node:crypto';
import type { S3Request } from '../http/s3-request.ts';
import { invalidArgument, invalidRequest, S3Error } from '../s3-error.ts';

const prefix = 'x-amz-server-side-encryption-customer-';
const copySourcePrefix = 'x-amz-copy-source-server-side-encryption-customer-';

interface HeaderNames {
  readonly algorithm: string;
  readonly key: string;
  readonly md5: string;
}

function headerNames(beginning: string): HeaderNames {
  return { algorithm: `${beginning}algorithm`, key: `${beginning}key`, md5: `${beginning}key-md5` };
}

export const customerKeyHeaders = headerNames(prefix);
/** Of the object that is copied. */
export const copySourceKeyHeaders = headerNames(copySourcePrefix);

/** The key of one request; but for a new object it may have any length, and is then the wrong one. */
export interface CustomerKey {
  readonly bytes: Buffer;
  readonly md5: string;
}

const keyBytes = 32;
/** S3 names every SSE-C argument so. */
const argumentName = 'x-amz-server-side-encryption';
const must = 'Requests specifying Server Side Encryption with Customer provided keys must';

export function hasAllCustomerKeyHeaders(request: S3Request): boolean {
  return Object.values(customerKeyHeaders).every((name) => request.headers.has(name));
}

export function hasCustomerKeyHeaders(request: S3Request): boolean {
  return hasAny(request, customerKeyHeaders);
}

function hasAny(request: S3Request, names: HeaderNames): boolean {
  return Object.values(names).some((name: string) => request.headers.has(name));
}

/** Any SSE-C header at all, those for a copy source too. */
export function anySseCHeader(request: S3Request): string | undefined {
  return [...request.headers.keys()].find(
    (name) => name.startsWith(prefix) || name.startsWith(copySourcePrefix),
  );
}

/** SSE-C asks for TLS before anything else is looked at. */
export function requireSecure(request: S3Request): void {
  if (anySseCHeader(request) !== undefined && !request.secure) {
    throw invalidArgument(`${must} be made over a secure connection.`, argumentName);
  }
}

/**
 * Validates the three headers in S3's order: presence, an empty key, the MD5, the algorithm, the length.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/specifying-s3-c-encryption.html
 */
export function readCustomerKey(
  request: S3Request,
  use: 'write' | 'part' | 'read' | 'copy-source',
): CustomerKey | undefined {
  const names = use === 'copy-source' ? copySourceKeyHeaders : customerKeyHeaders;
  if (!hasAny(request, names)) return undefined;
  requireSecure(request);
  const algorithm = request.headers.get(names.algorithm);
  const key = request.headers.get(names.key);
  const md5 = request.headers.get(names.md5);
  if (algorithm === undefined) {
    throw invalidArgument(`${must} provide a valid encryption algorithm.`, argumentName);
  }
  if (key === undefined) throw invalidArgument(`${must} provide an appropriate secret key.`, argumentName);
  if (md5 === undefined && (use === 'write' || use === 'part')) {
    throw invalidArgument(`${must} provide the client calculated MD5 of the secret key.`, argumentName);
  }
  const bytes = decodeKey(key);
  if (bytes.length === 0) throw invalidArgument('The secret key was invalid - too short.', argumentName, key);
  const computed = createHash('md5').update(bytes).digest('base64');
  if (md5 !== undefined && md5 !== computed) {
    throw invalidArgument(
      'The calculated MD5 hash of the key did not match the hash that was provided.',
      argumentName,
    );
  }
  if (use === 'write') rejectOtherEncryption(request);
  if (algorithm !== 'AES256') {
    throw new S3Error(
      400,
      'InvalidEncryptionAlgorithmError',
      'The Encryption request you specified is not valid. Supported value: AES256.',
      { ArgumentName: argumentName, ArgumentValue: algorithm },
    );
  }
  if (bytes.length !== keyBytes && use === 'write') {
    throw invalidArgument('The secret key was invalid for the specified algorithm.', argumentName);
  }
  return { bytes, md5: computed };
}

function rejectOtherEncryption(request: S3Request): void {
  const other = request.headers.get('x-amz-server-side-encryption');
  if (other === undefined) return;
  throw invalidArgument(
    'Server Side Encryption with Customer provided key is incompatible with the encryption method specified',
    argumentName,
    other,
  );
}

/** Neither a read nor a part names an encryption but SSE-C's. */
export function rejectEncryptionHeader(request: S3Request): void {
  const encryption = request.headers.get('x-amz-server-side-encryption');
  if (encryption === undefined) return;
  throw invalidArgument(
    'x-amz-server-side-encryption header is not supported for this operation.',
    argumentName,
    encryption,
  );
}

/** A part, or the source of a copy, under another key: here S3 does not speak of access. */
export function otherCustomerKey(): S3Error {
  return invalidRequest('The provided encryption parameters did not match the ones used originally.');
}

export function wrongCustomerKey(): S3Error {
  return new S3Error(403, 'AccessDenied', `${must} provide the correct secret key.`);
}

/**
 * As lenient as S3: characters outside the standard alphabet are skipped, a last group without its padding is lost.
 */
function decodeKey(text: string): Buffer {
  const known = text.replace(/[^A-Za-z0-9+/=]/g, '');
  const firstPad = known.indexOf('=');
  const symbols = firstPad === -1 ? known : known.slice(0, firstPad);
  const pads = known.length - symbols.length;
  const rest = symbols.length % 4;
  const isPadded = rest >= 2 && rest + pads >= 4;
  return Buffer.from(isPadded ? symbols : symbols.slice(0, symbols.length - rest), 'base64');
}
