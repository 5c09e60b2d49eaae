import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import type { SsecClient } from './client.ts';
import { compareNames, listedName, mergeSorted } from './listed-name.ts';
import { checkBucketName } from './object-address.ts';
import { PageGuard } from './page-guard.ts';
import { pagesOf } from './paged-listing.ts';
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

export interface ListFolderOptions extends ListObjectsOptions {
  /** Keys that have it behind the prefix come as one folder, up to and with it; mostly `/`. */
  readonly delimiter: string;
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

/** What stands for all keys that begin with it. */
export interface ListedPrefix {
  readonly prefix: string;
}

/**
 * The objects under a prefix, in S3's order (UTF-8 bytes), a page at a time; the next page is asked for while the
 * one before is used. Keys come as they are, whatever characters they hold. No key goes with the requests. With a
 * delimiter folders stand among them.
 *
 * @throws SsecError BUCKET_NOT_FOUND, ACCESS_DENIED, NETWORK, ...; SERVICE_REFUSED for a listing without an end
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export function listObjects(
  options: ListFolderOptions,
): AsyncGenerator<ListedObject | ListedPrefix, void, void>;
export function listObjects(options: ListObjectsOptions): AsyncGenerator<ListedObject, void, void>;
export async function* listObjects(
  options: ListObjectsOptions & { readonly delimiter?: string },
): AsyncGenerator<ListedObject | ListedPrefix, void, void> {
  checkBucketName(options.bucket);
  const guard = new PageGuard(options.bucket);
  const pages = pagesOf(async (from: PageStart | undefined, signal) => {
    const output = await ask(options, from, signal);
    const page = entriesOf(output);
    if (output.IsTruncated !== true) return { page, next: undefined };
    const next = nextStart(output, page);
    guard.check(next?.ContinuationToken ?? next?.StartAfter);
    return { page, next };
  }, options.signal);
  for await (const page of pages) yield* page;
}

/** Where a page begins. */
type PageStart =
  | { readonly ContinuationToken: string; readonly StartAfter?: never }
  | { readonly StartAfter: string; readonly ContinuationToken?: never };

function nextStart(
  { NextContinuationToken: token }: ListObjectsV2CommandOutput,
  page: readonly (ListedObject | ListedPrefix)[],
): PageStart | undefined {
  if (token !== undefined && token !== '') return { ContinuationToken: token };
  // RGW's is the last key as it is, and XML loses one that is nothing but blanks
  const last = page.at(-1);
  return last === undefined || 'prefix' in last ? undefined : { StartAfter: last.key };
}

async function ask(
  options: ListObjectsOptions & { readonly delimiter?: string },
  from: PageStart | undefined,
  signal: AbortSignal,
): Promise<ListObjectsV2CommandOutput> {
  const { client, bucket, prefix, delimiter, startAfter, pageSize } = options;
  const command = new ListObjectsV2Command({
    Bucket: bucket,
    // XML has no way to write some of the characters that a key may hold
    EncodingType: 'url',
    ...(prefix === undefined || prefix === '' ? {} : { Prefix: prefix }),
    ...(delimiter === undefined || delimiter === '' ? {} : { Delimiter: delimiter }),
    ...(startAfter === undefined ? {} : { StartAfter: startAfter }),
    ...(pageSize === undefined ? {} : { MaxKeys: pageSize }),
    ...from,
  });
  try {
    return await client.send<ListObjectsV2CommandOutput>(command, { signal });
  } catch (error) {
    const request = { bucket, customerKeySent: false, endpoint: client.endpoint };
    throw toSsecError(error, { operation: 'ListBucket', ...request });
  }
}

/** Objects and folders as they stand among each other, which S3 lists apart. */
function entriesOf(output: ListObjectsV2CommandOutput): readonly (ListedObject | ListedPrefix)[] {
  const { EncodingType: encoding } = output;
  const objects = (output.Contents ?? []).flatMap((object): ListedObject[] => {
    const { Key: key, Size: size, LastModified, ETag, StorageClass } = object;
    if (key === undefined || size === undefined) return [];
    const name = listedName(key, encoding);
    return [{ key: name, size, lastModified: LastModified, etag: ETag, storageClass: StorageClass }];
  });
  const folders = (output.CommonPrefixes ?? []).flatMap(({ Prefix }) =>
    Prefix === undefined ? [] : [{ prefix: listedName(Prefix, encoding) }],
  );
  if (folders.length === 0) return objects;
  return [...mergeSorted(objects, folders, ({ key }, { prefix }) => compareNames(key, prefix))];
}
