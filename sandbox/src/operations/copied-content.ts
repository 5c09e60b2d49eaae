import { createHash } from 'node:crypto';
import { type ChecksumAlgorithm, startChecksum } from '../checksum/checksum.ts';
import { invalidArgument, invalidRequest } from '../s3-error.ts';
import type { ByteRange } from './byte-range.ts';
import type { CopySource } from './copy-source.ts';
import { objectContent } from './object-content.ts';
import type { BucketContext } from './operation.ts';
import type { ReadContent } from './store-content.ts';

/** One request copies so much: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
const maxCopyBytes = 5 * 1024 ** 3;

/** The source's bytes, decrypted; what was stored of their checksum says nothing about one of another kind. */
export function copiedContent(
  { bucket, record, customerKey }: CopySource,
  range: ByteRange | undefined,
  algorithm: ChecksumAlgorithm,
): ReadContent {
  return async (take, withMd5) => {
    const checksum = startChecksum(algorithm);
    const md5 = withMd5 ? createHash('md5') : undefined;
    if (range !== undefined) {
      const content: AsyncIterable<Buffer> = objectContent(bucket, record, customerKey?.bytes, range);
      for await (const piece of content) {
        checksum.update(piece);
        md5?.update(piece);
        await take(piece);
      }
    }
    return { checksum: { algorithm, base64: checksum.base64() }, claimed: undefined, md5: md5?.digest() };
  };
}

export function wholeObject({ record }: CopySource): ByteRange | undefined {
  requireCopySize(record.size);
  return record.size === 0 ? undefined : { first: 0, last: record.size - 1 };
}

/** Stricter than a read's range: both ends must be there, and within the object. */
export function readCopyRange({ request }: BucketContext, source: CopySource): ByteRange | undefined {
  const header = request.headers.get('x-amz-copy-source-range');
  if (header === undefined) return wholeObject(source);
  const name = 'x-amz-copy-source-range';
  const [, first, last] = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header) ?? [];
  const range = { first: Number(first), last: Number(last) };
  if (first === undefined || range.first > range.last) {
    throw invalidArgument(
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
      name,
      header,
    );
  }
  const { size } = source.record;
  if (range.last >= size) {
    throw invalidArgument(`Range specified is not valid for source object of size: ${size}`, name, header);
  }
  requireCopySize(range.last - range.first + 1);
  return range;
}

function requireCopySize(bytes: number): void {
  if (bytes <= maxCopyBytes) return;
  throw invalidRequest(
    `The specified copy source is larger than the maximum allowable size for a copy source: ${maxCopyBytes}`,
  );
}
