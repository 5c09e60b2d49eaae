import type { StorageClass } from '@aws-sdk/client-s3';
import type { SsecClient } from './client.ts';
import type { CustomerKey } from './keys/customer-key.ts';
import { type ObjectHeaders, objectHeaderFields } from './object-headers.ts';
import { formatTags } from './object-tags.ts';
import type { StoredChecksum } from './transfer/checksum.ts';
import type { Source } from './transfer/source.ts';
import type { StreamSource } from './transfer/stream-source.ts';
import type { JournalPlace } from './transfer/transfer-journal.ts';

/**
 * Which checksums go with an upload.
 * - `crc32`: `x-amz-checksum-crc32`, which AWS verifies and keeps
 * - `md5`: `Content-MD5` besides, the only one that older S3-compatible servers verify
 * - `auto`: `crc32` on AWS and wherever an answer showed that the server verifies it, else `md5`
 */
export type UploadChecksum = 'auto' | 'crc32' | 'md5';

export interface PutObjectOptions {
  readonly client: SsecClient;
  readonly bucket: string;
  readonly key: string;
  /** undefined = put without SSE-C headers: the bucket's default encryption. */
  readonly customerKey: CustomerKey | undefined;
  /** Stays open; the caller closes it. */
  readonly source: Source | StreamSource;
  readonly contentType?: string;
  readonly headers?: ObjectHeaders;
  /** User metadata, names without `x-amz-meta-`. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly storageClass?: string;
  /** Up to 10; the credentials need s3:PutObjectTagging for them. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Fails with TARGET_EXISTS where the object exists (`If-None-Match: *`). */
  readonly noOverwrite?: boolean;
  /**
   * An ETag: fails with OBJECT_CHANGED where the object has another by then, and with OBJECT_NOT_FOUND where it is gone
   * (`If-Match`; the credentials need s3:GetObject for it). Not together with `noOverwrite`.
   */
  readonly ifMatch?: string;
  readonly checksum?: UploadChecksum;
  /** Bytes of a part, 5 MiB to 5 GiB; of the first parts, where the source is a stream. */
  readonly partSize?: number;
  /** Where is noted what is done of a large file, so that a later call goes on from there; default: nowhere. */
  readonly journal?: JournalPlace;
  /** Called with the bytes sent so far; less than before when something is sent again. */
  readonly onProgress?: (bytes: number) => void;
  /** Called with the bytes that an earlier call had sent already, before they count as progress. */
  readonly onResumed?: (bytes: number) => void;
  /** Called when a part is tried again. */
  readonly onRetry?: () => void;
  /** Called with a sentence that the user should read. */
  readonly onNotice?: (message: string) => void;
  readonly signal?: AbortSignal;
}

export interface PutObjectResult {
  readonly bucket: string;
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly etag: string | undefined;
  readonly versionId: string | undefined;
  readonly contentType: string | undefined;
  /** Of the whole object, computed here. */
  readonly checksum: StoredChecksum;
  /**
   * What stands for the content that the server has: `CRC32` = it returned our checksum, `MD5` = it took a
   * Content-MD5, which it must refuse where it is wrong, `size` = neither. `create-echo`: we may not read what we
   * wrote, and the only proof that the key was used is the answer with which the upload began (never without a key).
   */
  readonly proof: 'CRC32' | 'MD5' | 'size' | 'create-echo';
}

/**
 * Whether Content-MD5 must go along for the server to verify anything.
 *
 * @internal
 */
export function sendsMd5({
  client,
  checksum = 'auto',
}: Pick<PutObjectOptions, 'client' | 'checksum'>): boolean {
  return checksum === 'md5' || (checksum === 'auto' && !client.verifiesChecksums);
}

/**
 * What describes the object, on PutObject and on CreateMultipartUpload alike.
 *
 * @internal
 */
export function descriptionFields(
  options: Pick<PutObjectOptions, 'contentType' | 'headers' | 'metadata' | 'tags' | 'storageClass'>,
) {
  return {
    ...(options.contentType === undefined ? {} : { ContentType: options.contentType }),
    ...objectHeaderFields(options.headers),
    ...(options.metadata === undefined ? {} : { Metadata: { ...options.metadata } }),
    ...(hasTags(options) ? { Tagging: formatTags(options.tags) } : {}),
    // the SDK lists the classes of one day; the server knows which there are
    ...(options.storageClass === undefined ? {} : { StorageClass: options.storageClass as StorageClass }),
  };
}

/**
 * @internal
 */
export function hasTags<T extends Pick<PutObjectOptions, 'tags'>>(
  options: T,
): options is T & Required<Pick<PutObjectOptions, 'tags'>> {
  return options.tags !== undefined && Object.keys(options.tags).length > 0;
}
