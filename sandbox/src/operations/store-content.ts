import { randomBytes } from 'node:crypto';
import type { VerifiedContent } from '../body/request-body.ts';
import type { Checksum } from '../checksum/checksum.ts';
import { noSuchBucket, S3Error } from '../s3-error.ts';
import type { CustomerKey } from '../sse-c/customer-key-headers.ts';
import { sealObject } from '../sse-c/object-cipher.ts';
import type { ObjectPiece } from '../store/object-record.ts';
import type { BucketContext } from './operation.ts';

const maxPutBytes = 5 * 1024 ** 3;

export interface StoredContent {
  readonly piece: ObjectPiece;
  /** Without quotes. */
  readonly etag: string;
  readonly checksum: Checksum;
  /** The client's, if it sent one. */
  readonly claimed: Checksum | undefined;
}

/** Where content comes from: the request's body, or another object. */
export type ReadContent = (
  take: (piece: Buffer) => Promise<void>,
  /** The MD5 is the ETag of a plain object. */
  withMd5: boolean,
) => Promise<VerifiedContent>;

/** What one request may bring. */
export function requirePutSize({ body }: BucketContext): void {
  const size = body.contentLength();
  if (size <= maxPutBytes) return;
  throw new S3Error(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
    ProposedSize: String(size),
    MaxSizeAllowed: String(maxPutBytes),
  });
}

/**
 * Writes content to a file, under the customer key where there is one, and calls `place` once all of it is there and
 * verified. If anything fails, `place` too, the file goes.
 */
export async function storeContent<T>(
  context: BucketContext,
  customerKey: CustomerKey | undefined,
  read: ReadContent,
  place: (stored: StoredContent) => T,
): Promise<T> {
  const { bucket, faults, store } = context;
  const sealed = customerKey && sealObject(customerKey.bytes);
  const writer = await bucket.data.startWriting();
  try {
    const content = await read((piece) => {
      const bytes = faults.store(piece);
      return writer.write(sealed === undefined ? bytes : sealed.cipher.update(bytes));
    }, sealed === undefined);
    await writer.finish();
    const { name: data, size } = writer;
    // The bucket may have gone while the content came.
    if (store.bucket(bucket.name) !== bucket) throw noSuchBucket(bucket.name);
    return place({
      piece: sealed === undefined ? { data, size } : { data, size, seal: sealed.seal },
      etag: etagOf(content, sealed !== undefined),
      checksum: content.checksum,
      claimed: content.claimed,
    });
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

/** The ETag of what lies under a customer key is no digest of anything that a client could compute. */
function etagOf({ md5 }: VerifiedContent, isSealed: boolean): string {
  return (isSealed || md5 === undefined ? randomBytes(16) : md5).toString('hex');
}
