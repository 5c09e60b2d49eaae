import type { ObjectVersion } from './object-version.ts';

/**
 * The source of a copy, as its header wants it.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html (x-amz-copy-source)
 * @internal
 */
export function copySource({ bucket, key, versionId }: ObjectVersion): string {
  const path = `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
  return versionId === undefined ? path : `${path}?versionId=${encodeURIComponent(versionId)}`;
}
