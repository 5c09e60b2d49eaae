import { SsecError } from './errors.ts';

/** Where an object lives. `key` is the object key as S3 knows it, never URL-encoded. */
export interface ObjectAddress {
  readonly bucket: string;
  readonly key: string;
}

/** Longest object key in bytes of UTF-8 (AmazonS3/latest/userguide/object-keys.html). */
const MAX_OBJECT_KEY_BYTES = 1024;

const S3_URI = /^s3:\/\/([^/]*)(?:\/(.*))?$/s;

/** `s3://bucket/key` for an address; the key stands as it is. */
export function formatObjectAddress(address: ObjectAddress): string {
  return `s3://${address.bucket}/${address.key}`;
}

/**
 * Reads `s3://bucket/key`. The key is everything behind the bucket's slash, to the letter: no decoding, no
 * normalising. `key` is empty for `s3://bucket` and `s3://bucket/`.
 *
 * @returns undefined where the text is not an `s3://` address at all
 * @throws SsecError USAGE where the bucket is missing, and for what only looks like an address
 */
export function parseObjectAddress(text: string): ObjectAddress | undefined {
  const match = S3_URI.exec(text);
  if (match === null && /^(?:s3:|s3\/\/|https?:\/\/)/i.test(text)) {
    throw new SsecError('USAGE', `"${text}" is neither an address nor likely to be an object key.`, {
      hints: ['write it as s3://bucket/key', 'or the key in full, where you mean it: s3://bucket/' + text],
    });
  }
  if (match === null) return undefined;
  const [, bucket = '', key = ''] = match;
  if (bucket === '') {
    throw new SsecError('USAGE', `The address "${text}" names no bucket.`, {
      hints: ['write it as s3://bucket/key'],
    });
  }
  return { bucket, key };
}

/**
 * Refuses a bucket name that no S3 server can know, so that it never becomes part of a host name. What a
 * server may accept (old names with capitals, providers' own rules) passes.
 *
 * @throws SsecError SETTING_INVALID, or NOT_SUPPORTED for a directory bucket, which has no SSE-C
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
export function checkBucketName(bucket: string): void {
  if (/^X{4,}$/.test(bucket)) {
    throw new SsecError('SETTING_INVALID', `The bucket name "${bucket}" is still the placeholder.`, {
      hints: ['set BUCKET_NAME in .env to your bucket, or pass -b BUCKET'],
    });
  }
  if (bucket.startsWith('arn:')) {
    throw new SsecError('NOT_SUPPORTED', 'Access points given by their ARN are not supported.', {
      hints: ['use the access point alias as the bucket name'],
    });
  }
  if (bucket.endsWith('--x-s3')) {
    throw new SsecError('NOT_SUPPORTED', `"${bucket}" is a directory bucket, and those have no SSE-C.`, {
      hints: ['use a general purpose bucket'],
    });
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/.test(bucket) || bucket.includes('..')) {
    throw new SsecError('SETTING_INVALID', `"${bucket}" is not a bucket name.`, {
      hints: [bucketNameHint(bucket)],
    });
  }
}

/**
 * @throws SsecError USAGE where S3 could not take the key: empty, or over 1,024 bytes of UTF-8
 */
export function checkObjectKey(key: string): void {
  const bytes = Buffer.byteLength(key);
  if (bytes === 0) {
    throw new SsecError('USAGE', 'The object key is empty.', {
      hints: ['name the object: s3://bucket/key'],
    });
  }
  if (bytes > MAX_OBJECT_KEY_BYTES) {
    throw new SsecError(
      'USAGE',
      `The object key is ${bytes} bytes long; S3 takes at most ${MAX_OBJECT_KEY_BYTES}.`,
    );
  }
}

function bucketNameHint(bucket: string): string {
  const inAddress = /^s3:\/\/([^/]+)\/?$/.exec(bucket)?.[1];
  if (inAddress !== undefined) return `write its name alone: ${inAddress}`;
  if (/^(["']).*\1$/.test(bucket)) return 'take the quotes off: docker and others hand them on as they are';
  return 'a bucket name is 3 to 63 lower-case letters, digits, dots and hyphens';
}
