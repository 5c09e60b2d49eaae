import { S3Error } from '../s3-error.ts';

const maxKeyBytes = 1024;

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
export function requireKeyLength(key: string): void {
  const bytes = Buffer.byteLength(key);
  if (bytes <= maxKeyBytes) return;
  throw new S3Error(400, 'KeyTooLongError', 'Your key is too long', {
    Size: String(bytes),
    MaxSizeAllowed: String(maxKeyBytes),
  });
}
