import { ListObjectVersionsCommand, type ListObjectVersionsCommandOutput } from '@aws-sdk/client-s3';
import type { SsecClient } from './client.ts';
import type { ListedObject, ListedPrefix } from './list-objects.ts';
import { compareNames, listedName, mergeSorted } from './listed-name.ts';
import { checkBucketName } from './object-address.ts';
import { PageGuard } from './page-guard.ts';
import { pagesOf } from './paged-listing.ts';
import { toSsecError } from './service-error.ts';

export interface ListObjectVersionsOptions {
  readonly client: SsecClient;
  readonly bucket: string;
  /** The keys begin with it; default: all. */
  readonly prefix?: string;
  /** Versions asked for at once, 1 to 1000 (default). */
  readonly pageSize?: number;
  readonly signal?: AbortSignal;
}

export interface ListVersionFoldersOptions extends ListObjectVersionsOptions {
  /** Keys that have it behind the prefix come as one folder, up to and with it; mostly `/`. */
  readonly delimiter: string;
}

/** One version of an object. */
export interface ListedVersion extends ListedObject {
  /** `null` for what was put while the bucket had no versions. */
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly isDeleteMarker: false;
}

/** What stands in the place of an object that was deleted; its versions are still there. */
export interface ListedDeleteMarker {
  readonly key: string;
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly isDeleteMarker: true;
  readonly lastModified: Date | undefined;
}

type Entry = ListedVersion | ListedDeleteMarker;

interface Markers {
  readonly KeyMarker: string;
  readonly VersionIdMarker?: string;
}

/**
 * The versions of the objects under a prefix, and delete markers: from key to key in S3's order, of a key from the
 * newest to the oldest. Otherwise as `listObjects`.
 *
 * @throws SsecError BUCKET_NOT_FOUND, ACCESS_DENIED, NETWORK, ...; SERVICE_REFUSED for a listing without an end
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
 */
export function listObjectVersions(
  options: ListVersionFoldersOptions,
): AsyncGenerator<ListedVersion | ListedDeleteMarker | ListedPrefix, void, void>;
export function listObjectVersions(
  options: ListObjectVersionsOptions,
): AsyncGenerator<ListedVersion | ListedDeleteMarker, void, void>;
export async function* listObjectVersions(
  options: ListObjectVersionsOptions & { readonly delimiter?: string },
): AsyncGenerator<Entry | ListedPrefix, void, void> {
  checkBucketName(options.bucket);
  const guard = new PageGuard(options.bucket);
  const pages = pagesOf(async (markers: Markers | undefined, signal) => {
    const output = await ask(options, markers, signal);
    const page = entriesOf(output);
    if (output.IsTruncated !== true) return { page, next: undefined };
    const next = nextMarkers(output, page);
    guard.check(next === undefined ? undefined : JSON.stringify(next));
    return { page, next };
  }, options.signal);
  for await (const page of pages) yield* page;
}

async function ask(
  options: ListObjectVersionsOptions & { readonly delimiter?: string },
  markers: Markers | undefined,
  signal: AbortSignal,
): Promise<ListObjectVersionsCommandOutput> {
  const { client, bucket, prefix, delimiter, pageSize } = options;
  const command = new ListObjectVersionsCommand({
    Bucket: bucket,
    EncodingType: 'url',
    ...(prefix === undefined || prefix === '' ? {} : { Prefix: prefix }),
    ...(delimiter === undefined || delimiter === '' ? {} : { Delimiter: delimiter }),
    ...(pageSize === undefined ? {} : { MaxKeys: pageSize }),
    ...markers,
  });
  try {
    return await client.send<ListObjectVersionsCommandOutput>(command, { signal });
  } catch (error) {
    const request = { bucket, customerKeySent: false, endpoint: client.endpoint };
    throw toSsecError(error, { operation: 'ListObjectVersions', ...request });
  }
}

/**
 * The SDK gives versions, markers and folders apart, and not how they stood among each other. Times are whole seconds:
 * of the same one, a marker counts as the newer, as what is put and deleted at once leaves it.
 */
function entriesOf(output: ListObjectVersionsCommandOutput): (Entry | ListedPrefix)[] {
  const { EncodingType: encoding } = output;
  const versions = (output.Versions ?? []).flatMap((version): ListedVersion[] => {
    const { Key, VersionId, Size, IsLatest, LastModified, ETag, StorageClass } = version;
    if (Key === undefined || Size === undefined) return [];
    const entry = {
      key: listedName(Key, encoding),
      size: Size,
      lastModified: LastModified,
      etag: ETag,
      storageClass: StorageClass,
    };
    return [{ ...entry, versionId: VersionId ?? 'null', isLatest: IsLatest === true, isDeleteMarker: false }];
  });
  const deleted = (output.DeleteMarkers ?? []).flatMap((marker): ListedDeleteMarker[] => {
    const { Key, VersionId, IsLatest, LastModified } = marker;
    if (Key === undefined) return [];
    const entry = { key: listedName(Key, encoding), lastModified: LastModified };
    return [{ ...entry, versionId: VersionId ?? 'null', isLatest: IsLatest === true, isDeleteMarker: true }];
  });
  const folders = (output.CommonPrefixes ?? []).flatMap(({ Prefix }) =>
    Prefix === undefined ? [] : [{ prefix: listedName(Prefix, encoding) }],
  );
  return [
    ...mergeSorted([...mergeSorted(deleted, versions, newestFirst)], folders, ({ key }, { prefix }) =>
      compareNames(key, prefix),
    ),
  ];
}

function newestFirst(one: Entry, other: Entry): number {
  return (
    compareNames(one.key, other.key) ||
    Number(other.isLatest) - Number(one.isLatest) ||
    (other.lastModified?.getTime() ?? 0) - (one.lastModified?.getTime() ?? 0)
  );
}

/** Where the next page begins: as the server says, or behind the last of this one. */
function nextMarkers(
  output: ListObjectVersionsCommandOutput,
  page: readonly (Entry | ListedPrefix)[],
): Markers | undefined {
  const { NextKeyMarker: key, NextVersionIdMarker: version, EncodingType: encoding } = output;
  const last = page.at(-1);
  const lastName = last === undefined ? undefined : 'prefix' in last ? last.prefix : last.key;
  if (key === undefined || key === '') {
    // RGW's is the last key as it is, and XML loses one that is nothing but blanks
    return last === undefined || 'prefix' in last
      ? undefined
      : { KeyMarker: last.key, VersionIdMarker: last.versionId };
  }
  return {
    // nor does RGW encode it, whatever it says of the names
    KeyMarker: key === lastName ? key : listedName(key, encoding),
    ...(version === undefined || version === '' ? {} : { VersionIdMarker: version }),
  };
}
