import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import type { SsecClient } from './client.ts';
import { SsecError } from './errors.ts';
import { checkBucketName } from './object-address.ts';
import { toSsecError } from './service-error.ts';

export interface ListObjectsOptions {
  readonly client: SsecClient;
  readonly bucket: string;
  /** The keys begin with it; default: all. */
  readonly prefix?: string;
  /** Keys behind this one only, in S3's order. */
  readonly startAfter?: string;
  /** Objects asked for at once, 1 to 1000 (default). */
  readonly pageSize?: number;
  readonly signal?: AbortSignal;
}

/** What a listing tells of an object; whether it is SSE-C, and under which key, no listing tells. */
export interface ListedObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly lastModified: Date | undefined;
  readonly etag: string | undefined;
  readonly storageClass: string | undefined;
}

/**
 * The objects under a prefix, in S3's order (UTF-8 bytes), a page at a time; the next page is asked for while the
 * one before is used. Keys come as they are, whatever characters they hold. No key goes with the requests.
 *
 * @throws SsecError BUCKET_NOT_FOUND, ACCESS_DENIED, NETWORK, ...
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export async function* listObjects(options: ListObjectsOptions): AsyncGenerator<ListedObject, void, void> {
  checkBucketName(options.bucket);
  const stop = new AbortController();
  const forward = (): void => stop.abort(options.signal?.reason);
  if (options.signal?.aborted === true) forward();
  options.signal?.addEventListener('abort', forward, { once: true });
  try {
    let page: Promise<ListObjectsV2CommandOutput> | undefined = ask(options, undefined, stop.signal);
    while (page !== undefined) {
      const output: ListObjectsV2CommandOutput = await page;
      const token = output.IsTruncated === true ? output.NextContinuationToken : undefined;
      page = token === undefined ? undefined : ask(options, token, stop.signal);
      // looked at once this page is used up, or never
      page?.catch(() => undefined);
      yield* objectsOf(output);
    }
  } finally {
    options.signal?.removeEventListener('abort', forward);
    stop.abort();
  }
}

async function ask(
  options: ListObjectsOptions,
  token: string | undefined,
  signal: AbortSignal,
): Promise<ListObjectsV2CommandOutput> {
  const { client, bucket, prefix, startAfter, pageSize } = options;
  const command = new ListObjectsV2Command({
    Bucket: bucket,
    // XML has no way to write some of the characters that a key may hold
    EncodingType: 'url',
    ...(prefix === undefined || prefix === '' ? {} : { Prefix: prefix }),
    ...(startAfter === undefined ? {} : { StartAfter: startAfter }),
    ...(pageSize === undefined ? {} : { MaxKeys: pageSize }),
    ...(token === undefined ? {} : { ContinuationToken: token }),
  });
  try {
    return await client.send<ListObjectsV2CommandOutput>(command, { signal });
  } catch (error) {
    const request = { bucket, customerKeySent: false, endpoint: client.endpoint };
    throw toSsecError(error, { operation: 'ListBucket', ...request });
  }
}

function* objectsOf(output: ListObjectsV2CommandOutput): Generator<ListedObject> {
  for (const { Key: key, Size: size, LastModified, ETag, StorageClass } of output.Contents ?? []) {
    if (key === undefined || size === undefined) continue;
    yield {
      key: output.EncodingType === 'url' ? decode(key) : key,
      size,
      lastModified: LastModified,
      etag: ETag,
      storageClass: StorageClass,
    };
  }
}

/** As forms are encoded: AWS writes a blank as `+`, others as `%20`. */
function decode(text: string): string {
  if (!/[+%]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    throw new SsecError('SERVICE_REFUSED', `The server lists a key that is not UTF-8: "${text}".`, { cause });
  }
}
