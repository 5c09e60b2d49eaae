import { checkDeleteCondition } from './conditions.ts';
import type { BucketContext, S3Response } from './operation.ts';

/** No key is needed to delete, and there need be nothing to delete. */
export function deleteObject({ request, bucket }: BucketContext): S3Response {
  checkDeleteCondition(request, bucket.object(request.key));
  bucket.remove(request.key);
  return { status: 204 };
}
