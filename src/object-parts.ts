import { GetObjectAttributesCommand, type GetObjectAttributesCommandOutput } from '@aws-sdk/client-s3';
import type { HttpRequest, HttpResponse } from '@smithy/types';
import { Readable } from 'node:stream';
import { SsecError } from './errors.ts';
import type { HeadObjectOptions } from './head-object.ts';
import { checkBucketName, checkObjectKey } from './object-address.ts';
import { checkVersionId, versionField } from './object-version.ts';
import { failureOf } from './service-error.ts';
import { CHECKSUM_ALGORITHMS, type StoredChecksum } from './transfer/checksum.ts';

export interface ObjectPart {
  readonly number: number;
  /** Bytes. */
  readonly size: number | undefined;
  readonly checksum: StoredChecksum | undefined;
}

export interface ObjectParts {
  /** How many there are in all. */
  readonly count: number;
  /** One by one, where the upload had a checksum algorithm; else empty. */
  readonly parts: readonly ObjectPart[];
}

/** Parts in one answer; S3 gives no more. */
const PAGE = 1_000;

/**
 * The parts that an object was put in, as GetObjectAttributes tells.
 *
 * @returns undefined for an object that was put whole
 * @throws SsecError NOT_SUPPORTED where the server does not know it; ACCESS_DENIED, NETWORK, ...
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html
 */
export async function objectParts(options: HeadObjectOptions): Promise<ObjectParts | undefined> {
  const { client, bucket, key, versionId, customerKey, signal } = options;
  checkBucketName(bucket);
  checkObjectKey(key);
  checkVersionId(versionId);
  const parts: ObjectPart[] = [];
  let count: number | undefined;
  let marker: string | undefined;
  try {
    do {
      const { ObjectParts: page } = await client.send<GetObjectAttributesCommandOutput>(
        new GetObjectAttributesCommand({
          Bucket: bucket,
          Key: key,
          ...versionField(options),
          ObjectAttributes: ['ObjectParts'],
          MaxParts: PAGE,
          ...(marker === undefined ? {} : { PartNumberMarker: marker }),
          ...customerKey?.requestFields(),
        }),
        { signal },
      );
      count = page?.TotalPartsCount ?? count;
      for (const part of page?.Parts ?? []) {
        if (part.PartNumber === undefined) continue;
        const algorithm = CHECKSUM_ALGORITHMS.find((name) => part[`Checksum${name}`] !== undefined);
        const value = algorithm === undefined ? undefined : part[`Checksum${algorithm}`];
        const checksum = algorithm === undefined || value === undefined ? undefined : { algorithm, value };
        parts.push({ number: part.PartNumber, size: part.Size, checksum });
      }
      const next = page?.IsTruncated === true ? page.NextPartNumberMarker : undefined;
      // a server that repeats itself would be asked for ever
      marker = next === marker ? undefined : next;
    } while (marker !== undefined);
  } catch (error) {
    const request = {
      operation: 'GetObjectAttributes',
      bucket,
      key,
      versionId,
      customerKeySent: false,
      endpoint: client.endpoint,
    };
    throw failureOf(error, request, signal);
  }
  return count === undefined ? undefined : { count, parts };
}

/**
 * A server that does not know GetObjectAttributes takes it for a GET and sends the object, however large. The answer
 * that was asked for is about an object, and has its ETag in its text.
 *
 * @throws SsecError NOT_SUPPORTED
 * @internal
 */
export function refuseObjectItself(
  { statusCode, headers, body }: HttpResponse,
  { query }: HttpRequest,
): void {
  if (query === undefined || !('attributes' in query) || statusCode >= 300) return;
  if (headers['etag'] === undefined && headers['accept-ranges'] === undefined) return;
  if (body instanceof Readable) body.destroy();
  throw new SsecError('NOT_SUPPORTED', 'The server does not know GetObjectAttributes.');
}
