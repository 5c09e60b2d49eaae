import { SsecError } from './errors.ts';

/**
 * Bytes of UTF-8 of all names and values together; `x-amz-meta-` is not counted
 * (AmazonS3/latest/userguide/UsingMetadata.html).
 */
const MAX_METADATA_BYTES = 2048;

/**
 * @param metadata names without `x-amz-meta-`
 * @throws SsecError USAGE where S3 could not take them
 */
export function checkUserMetadata(metadata: Readonly<Record<string, string>>): void {
  const bytes = Buffer.byteLength(Object.entries(metadata).flat().join(''));
  if (bytes <= MAX_METADATA_BYTES) return;
  throw new SsecError(
    'USAGE',
    `The metadata are ${bytes} bytes of names and values; S3 takes at most ${MAX_METADATA_BYTES}.`,
    { hints: ['keep the long ones in an object of their own, and name that one in the metadata'] },
  );
}
