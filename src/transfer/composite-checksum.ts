import {
  GetObjectAttributesCommand,
  type GetObjectAttributesCommandOutput,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3';
import type { SsecClient } from '../client.ts';
import type { CustomerKey } from '../keys/customer-key.ts';
import type { ObjectHead } from '../object-head.ts';
import { versionField } from '../object-version.ts';
import { refuseContent } from './response-headers.ts';
import {
  type ChecksumAlgorithm,
  type CompositeChecksum,
  type RunningChecksum,
  checksumFactory,
} from './checksum.ts';
import { runWorkers } from './workers.ts';

/** Requests for single parts under way at once. */
const REQUESTS_AT_ONCE = 8;

/** How an object was cut when it was uploaded. */
export interface PartSizes {
  /** Bytes of each part. */
  readonly sizes: readonly number[];
  /** False where it is taken for granted that all but the last are of the first one's size. */
  readonly exact: boolean;
}

export interface PartSizesOptions {
  readonly client: SsecClient;
  /** As it was named, if it was; undefined = the current one. */
  readonly versionId?: string | undefined;
  readonly customerKey: CustomerKey | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Where the parts of an object begin and end: what is needed to compute a composite checksum. S3 tells in
 * GetObjectAttributes, to those who may ask for it; else the size of the first part nearly always tells the others.
 *
 * @returns undefined where neither can be had
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html
 */
export async function findPartSizes(
  object: ObjectHead,
  composite: CompositeChecksum,
  options: PartSizesOptions,
): Promise<PartSizes | undefined> {
  const listed = await listedSizes(object, options).catch(() => undefined);
  if (listed?.length === composite.parts && sum(listed) === object.size)
    return { sizes: listed, exact: true };
  const first = await headPartSize(object, 1, options).catch(() => undefined);
  if (first === undefined || first < 1 || Math.ceil(object.size / first) !== composite.parts)
    return undefined;
  const sizes = Array.from({ length: composite.parts }, (_, i) => Math.min(first, object.size - i * first));
  return { sizes, exact: false };
}

async function listedSizes(object: ObjectHead, options: PartSizesOptions): Promise<number[]> {
  const { client, customerKey, signal } = options;
  const sizes: number[] = [];
  let marker: string | undefined;
  do {
    const page: GetObjectAttributesCommandOutput = await client.send<GetObjectAttributesCommandOutput>(
      refuseContent(
        new GetObjectAttributesCommand({
          Bucket: object.bucket,
          Key: object.key,
          ...versionField(options),
          ObjectAttributes: ['ObjectParts'],
          ...(marker === undefined ? {} : { PartNumberMarker: marker }),
          ...customerKey?.requestFields(),
        }),
      ),
      { signal },
    );
    for (const part of page.ObjectParts?.Parts ?? []) sizes.push(part.Size ?? 0);
    const next = page.ObjectParts?.IsTruncated === true ? page.ObjectParts.NextPartNumberMarker : undefined;
    marker = next === marker ? undefined : next;
  } while (marker !== undefined);
  return sizes;
}

/**
 * Whether the parts are of these sizes, asked for one by one: a request for each, for where something does not agree.
 *
 * @returns undefined where that cannot be had
 */
export async function arePartSizes(
  object: ObjectHead,
  sizes: readonly number[],
  options: PartSizesOptions,
): Promise<boolean | undefined> {
  let next = 0;
  let result: boolean | undefined = true;
  await runWorkers(Math.min(REQUESTS_AT_ONCE, sizes.length), options.signal, async (signal) => {
    while (next < sizes.length && result === true) {
      const index = next++;
      const size = await headPartSize(object, index + 1, { ...options, signal }).catch(() => undefined);
      signal.throwIfAborted();
      if (size !== sizes[index]) result = size === undefined ? undefined : false;
    }
  });
  return result;
}

async function headPartSize(
  object: ObjectHead,
  number: number,
  options: PartSizesOptions,
): Promise<number | undefined> {
  const { client, customerKey, signal } = options;
  const head = await client.send<HeadObjectCommandOutput>(
    new HeadObjectCommand({
      Bucket: object.bucket,
      Key: object.key,
      ...versionField(options),
      PartNumber: number,
      ...(object.etag === undefined ? {} : { IfMatch: object.etag }),
      ...customerKey?.requestFields(),
    }),
    { signal },
  );
  return head.PartsCount === undefined ? undefined : head.ContentLength;
}

/** The checksum of parts' checksums, out of bytes that come in order. */
export async function createComposite(
  algorithm: ChecksumAlgorithm,
  sizes: readonly number[],
): Promise<RunningChecksum> {
  const create = await checksumFactory(algorithm);
  const digests: Promise<string>[] = [];
  let part = create();
  let left = sizes[0] ?? 0;
  const endPart = (): void => {
    digests.push(part.digest());
    part = create();
    left = sizes[digests.length] ?? 0;
  };
  const endParts = (): void => {
    while (left === 0 && digests.length < sizes.length) endPart();
  };
  return {
    update: (chunk) => {
      for (let rest = chunk; rest.length > 0; ) {
        endParts();
        // more than the parts hold makes one that nobody knows of
        if (digests.length >= sizes.length) left = rest.length;
        const taken = rest.subarray(0, left);
        part.update(taken);
        rest = rest.subarray(taken.length);
        left -= taken.length;
        if (left === 0) endPart();
      }
    },
    digest: async () => {
      endParts();
      const whole = create();
      for (const digest of digests) whole.update(Buffer.from(await digest, 'base64'));
      return whole.digest();
    },
  };
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
