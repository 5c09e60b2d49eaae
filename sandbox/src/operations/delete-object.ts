import { deleteVersion } from './delete-version.ts';
import type { BucketContext, S3Response } from './operation.ts';
import { readVersionId } from './requested-version.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html */
export function deleteObject(context: BucketContext): S3Response {
  const { request } = context;
  const { versionId, deleteMarker } = deleteVersion(context, {
    key: request.key,
    versionId: readVersionId(request),
    ifMatch: request.headers.get('if-match'),
  });
  return {
    status: 204,
    headers: {
      ...(versionId === undefined ? {} : { 'x-amz-version-id': versionId }),
      ...(deleteMarker ? { 'x-amz-delete-marker': 'true' } : {}),
    },
  };
}
