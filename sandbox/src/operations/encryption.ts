import { headerNotImplemented, S3Error } from '../s3-error.ts';
import { accessDenied } from '../s3-error.ts';
import {
  type CustomerKey,
  hasCustomerKeyHeaders,
  readCustomerKey,
  requireSecure,
} from '../sse-c/customer-key-headers.ts';
import { objectArn, principalArn } from './account.ts';
import type { BucketContext } from './operation.ts';

/** The key that a new object is to be encrypted under; undefined: S3's own encryption (here: none at rest). */
export function customerKeyForWrite(
  context: BucketContext,
  action: 's3:PutObject' | 's3:CopyObject' = 's3:PutObject',
): CustomerKey | undefined {
  const { request, settings } = context;
  if (settings.sseC === 'ignore') return undefined;
  rejectBlocked(context, action);
  const key = readCustomerKey(request, 'write');
  if (key === undefined) requireOwnEncryption(context);
  return key;
}

/** S3 asks for TLS first; then whether the bucket takes customer keys at all. */
export function rejectBlocked({ request, bucket }: BucketContext, action = 's3:PutObject'): void {
  requireSecure(request);
  // The block is judged before the key material.
  if (hasCustomerKeyHeaders(request) && bucket.settings.blockedEncryption === 'SSE-C') {
    throw accessDenied(
      `User: ${principalArn} is not authorized to perform: ${action} on resource: "${objectArn(bucket.name, request.key)}" because this bucket has blocked upload requests that specify Server Side Encryption with Customer provided keys (SSE-C). Please specify a different server-side encryption type`,
    );
  }
}

/** Without a customer key only SSE-S3 is within reach: there is no KMS here. */
function requireOwnEncryption({ request, bucket }: BucketContext): void {
  const asked = request.headers.get('x-amz-server-side-encryption');
  if (asked !== undefined && !/^(AES256|aws:kms|aws:kms:dsse)$/.test(asked)) {
    throw new S3Error(400, 'InvalidArgument', 'The encryption method specified is not supported', {
      ArgumentName: 'x-amz-server-side-encryption',
      ArgumentValue: asked,
    });
  }
  if ((asked ?? bucket.settings.encryption.algorithm) !== 'AES256') {
    throw headerNotImplemented('x-amz-server-side-encryption');
  }
}

/** What S3 says of an object's encryption. */
export function encryptionHeaders(
  context: BucketContext,
  key: CustomerKey | undefined,
): Record<string, string> {
  if (context.settings.sseC === 'ignore') return {};
  if (key === undefined) return { 'x-amz-server-side-encryption': 'AES256' };
  if (!context.settings.echo) return {};
  return {
    'x-amz-server-side-encryption-customer-algorithm': 'AES256',
    'x-amz-server-side-encryption-customer-key-MD5': key.md5,
  };
}
