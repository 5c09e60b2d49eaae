import type { Bucket } from './bucket.ts';

const day = 86_400_000;

/**
 * Ends what the bucket's lifecycle rules end: an upload so many days after it began, at the midnight (UTC) that
 * follows. Done when somebody asks the bucket, which is early enough for nobody to tell the difference.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html
 */
export function endExpiredUploads(bucket: Bucket, now: Date): void {
  for (const { enabled, prefix, days } of bucket.settings.lifecycle ?? []) {
    if (!enabled) continue;
    for (const { uploadId, key, initiated } of bucket.uploads.list()) {
      const due = Math.ceil((Date.parse(initiated) + days * day) / day) * day;
      const upload = bucket.uploads.find(uploadId);
      if (upload !== undefined && key.startsWith(prefix) && now.getTime() >= due) bucket.uploads.end(upload);
    }
  }
}
