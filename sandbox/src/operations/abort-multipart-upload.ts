import { findUpload } from './multipart-upload.ts';
import type { BucketContext, S3Response } from './operation.ts';

/** No key is needed to abort. A part that is on its way then finds no upload. */
export function abortMultipartUpload(context: BucketContext): S3Response {
  context.bucket.uploads.end(findUpload(context));
  return { status: 204 };
}
