import { ListPartsCommand, type ListPartsCommandOutput } from '@aws-sdk/client-s3';
import type { SsecClient } from '../client.ts';
import type { ErrorCode } from '../errors.ts';
import type { CustomerKey } from '../keys/customer-key.ts';
import type { ObjectAddress } from '../object-address.ts';
import { serviceAnswer } from '../service-answer.ts';
import { toSsecError } from '../service-error.ts';

export interface ListPartsOptions extends ObjectAddress {
  readonly client: SsecClient;
  readonly uploadId: string;
  readonly customerKey: CustomerKey | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A part as the server has it. */
export interface ListedPart {
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
}

/** The credentials are right, and we may not list the parts, or the server cannot. */
const LISTS_NOTHING: ReadonlySet<ErrorCode> = new Set(['ACCESS_DENIED', 'NOT_SUPPORTED', 'SERVICE_REFUSED']);

/**
 * The parts of an unfinished upload, by number. `gone` = there is no such upload; `refused` = no later run could learn
 * more than this one.
 *
 * @throws SsecError NETWORK, THROTTLED, CREDENTIALS_EXPIRED, ...
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html
 */
export async function listParts(
  options: ListPartsOptions,
): Promise<Map<number, ListedPart> | 'gone' | 'refused'> {
  const { client, bucket, key, uploadId, customerKey, signal } = options;
  const listed = new Map<number, ListedPart>();
  let marker: string | undefined;
  do {
    let page: ListPartsCommandOutput;
    try {
      page = await client.send<ListPartsCommandOutput>(
        new ListPartsCommand({
          Bucket: bucket,
          Key: key,
          UploadId: uploadId,
          ...(marker === undefined ? {} : { PartNumberMarker: marker }),
          // S3 wants it where the upload has checksums
          ...customerKey?.requestFields(),
        }),
        { signal },
      );
    } catch (error) {
      if (serviceAnswer(error)?.status === 404) return 'gone';
      const failure = toSsecError(error, {
        operation: 'ListParts',
        bucket,
        key,
        customerKeySent: customerKey !== undefined,
        endpoint: client.endpoint,
      });
      if (LISTS_NOTHING.has(failure.code)) return 'refused';
      throw failure;
    }
    for (const { PartNumber: number, Size: size, ETag: etag } of page.Parts ?? []) {
      if (number !== undefined && size !== undefined && etag !== undefined)
        listed.set(number, { size, etag });
    }
    const next = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
    // a server that repeats itself would be asked for ever
    marker = next === marker ? undefined : next;
  } while (marker !== undefined);
  return listed;
}
