import type { S3Request } from '../http/s3-request.ts';
import { objectArn, principalArn } from '../operations/account.ts';
import { accessDenied } from '../s3-error.ts';
import type { Bucket } from '../store/bucket.ts';
import { parseBucketPolicy } from './bucket-policy.ts';
import { holds } from './policy-condition.ts';

/** A Deny of the bucket's policy comes before all else that is said of a write: before its headers are looked at. */
export function requireNotDenied(bucket: Bucket, action: string, request: S3Request): void {
  const { policy } = bucket.settings;
  if (policy === undefined || action !== 's3:PutObject') return;
  const arn = objectArn(bucket.name, request.key);
  const denied = parseBucketPolicy(policy, bucket.name).some(
    ({ resources, conditions }) =>
      resources.some((pattern) => matches(pattern, arn)) &&
      conditions.every((condition) => holds(condition, request.headers)),
  );
  if (!denied) return;
  throw accessDenied(
    `User: ${principalArn} is not authorized to perform: ${action} on resource: "${arn}" with an explicit deny in a resource-based policy`,
  );
}

/** `*` stands for any characters, `?` for one. */
function matches(pattern: string, text: string): boolean {
  const source = pattern.replace(/[\\^$.*+?()[\]{}|]/g, (one) =>
    one === '*' ? '.*' : one === '?' ? '.' : `\\${one}`,
  );
  return new RegExp(`^${source}$`, 'su').test(text);
}
