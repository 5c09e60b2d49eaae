import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
} from '@aws-sdk/client-s3';
import type { SsecClient } from './client.ts';
import { checkBucketName } from './object-address.ts';
import { serviceAnswer } from './service-answer.ts';
import { type ServiceRequest, toSsecError } from './service-error.ts';

/** An upload in parts that was neither completed nor aborted; its parts are stored, and cost money. */
export interface UnfinishedUpload {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
  readonly initiated: Date | undefined;
  readonly storageClass: string | undefined;
}

/** How long the clearing away of an upload may take (ms): it must not hang where the upload did. */
export const ABORT_TIMEOUT_MS = 10_000;

export interface ListUploadsOptions {
  readonly client: SsecClient;
  readonly bucket: string;
  /** Only of objects whose keys begin so. */
  readonly prefix?: string;
  readonly signal?: AbortSignal;
}

/**
 * Every unfinished upload in a bucket, whoever began it; in the order of keys.
 *
 * @throws SsecError ACCESS_DENIED, BUCKET_NOT_FOUND, ...
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
 */
export async function* listUploads(options: ListUploadsOptions): AsyncGenerator<UnfinishedUpload> {
  const { client, bucket, prefix, signal } = options;
  checkBucketName(bucket);
  let markers: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
  do {
    const page: ListMultipartUploadsCommandOutput = await client
      .send<ListMultipartUploadsCommandOutput>(
        new ListMultipartUploadsCommand({
          Bucket: bucket,
          // no EncodingType: RGW 16 encodes the keys then and does not say so
          ...(prefix === undefined || prefix === '' ? {} : { Prefix: prefix }),
          ...markers,
        }),
        { signal },
      )
      .catch((error: unknown) => {
        throw toSsecError(error, requestOf(client, 'ListMultipartUploads', bucket));
      });
    for (const { Key, UploadId, Initiated, StorageClass } of page.Uploads ?? []) {
      if (Key === undefined || UploadId === undefined) continue;
      yield {
        bucket,
        key: Key,
        uploadId: UploadId,
        initiated: Initiated,
        storageClass: StorageClass,
      };
    }
    const next = nextMarkers(page);
    // a server that repeats itself would be asked for ever
    markers = JSON.stringify(next) === JSON.stringify(markers) ? undefined : next;
  } while (markers !== undefined);
}

/**
 * Drops an upload and its parts.
 *
 * @returns false where it was not there any more
 * @throws SsecError ACCESS_DENIED, ...
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
 */
export async function abortUpload(
  upload: Pick<UnfinishedUpload, 'bucket' | 'key' | 'uploadId'>,
  options: { readonly client: SsecClient; readonly signal?: AbortSignal },
): Promise<boolean> {
  const { client, signal } = options;
  const { bucket, key, uploadId } = upload;
  try {
    await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }), {
      signal,
    });
    return true;
  } catch (error) {
    if (serviceAnswer(error)?.code === 'NoSuchUpload') return false;
    throw toSsecError(error, { ...requestOf(client, 'AbortMultipartUpload', bucket), key });
  }
}

function nextMarkers(page: ListMultipartUploadsCommandOutput) {
  const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = page;
  if (IsTruncated !== true || NextKeyMarker === undefined || NextKeyMarker === '') return undefined;
  return {
    KeyMarker: NextKeyMarker,
    ...(NextUploadIdMarker === undefined ? {} : { UploadIdMarker: NextUploadIdMarker }),
  };
}

function requestOf(client: SsecClient, operation: string, bucket: string): ServiceRequest {
  return { operation, bucket, customerKeySent: false, endpoint: client.endpoint };
}
