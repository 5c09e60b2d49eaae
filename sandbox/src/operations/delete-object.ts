import { objectArn, requireAllowed } from './account.ts';
import { checkDeleteCondition } from './conditions.ts';
import type { BucketContext, S3Response } from './operation.ts';

/** No key is needed to delete, and there need be nothing to delete. */
export function deleteObject({ request, bucket, settings }: BucketContext): S3Response {
  const ifMatch = request.headers.get('if-match');
  // To compare an ETag is to read it.
  if (ifMatch !== undefined && ifMatch !== '*') {
    requireAllowed(settings, 's3:GetObject', objectArn(bucket.name, request.key));
  }
  checkDeleteCondition(request, bucket.object(request.key));
  bucket.remove(request.key);
  return { status: 204 };
}
