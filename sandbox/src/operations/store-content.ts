import { randomBytes } from 'node:crypto';
import type { VerifiedContent } from '../body/request-body.ts';
import type { IntegrityHeaders } from '../body/integrity-headers.ts';
import type { Checksum, ChecksumAlgorithm } from '../checksum/checksum.ts';
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

export interface ContentToStore {
  readonly integrity: IntegrityHeaders;
  readonly customerKey: CustomerKey | undefined;
  /** The checksum to keep, where it need not be the client's. */
  readonly algorithm?: ChecksumAlgorithm | undefined;
}

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
 * Writes the request's body to a file, under the customer key where there is one, and calls `place` once all of it
 * is there and verified. If anything fails, `place` too, the file goes.
 */
export async function storeContent<T>(
  context: BucketContext,
  { integrity, customerKey, algorithm }: ContentToStore,
  place: (stored: StoredContent) => T,
): Promise<T> {
  const { bucket, body, faults, store } = context;
  const sealed = customerKey && sealObject(customerKey.bytes);
  const writer = await bucket.data.startWriting();
  try {
    const content = await body.read({ integrity, algorithm, withMd5: sealed === undefined }, (piece) => {
      const bytes = faults.store(piece);
      return writer.write(sealed === undefined ? bytes : sealed.cipher.update(bytes));
    });
    await writer.finish();
    const { name: data, size } = writer;
    // The bucket may have gone while the body came.
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
