import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import type { SsecClient } from './client.ts';
import { SsecError } from './errors.ts';
import type { CustomerKey } from './keys/customer-key.ts';
import {
  type ObjectAddress,
  checkBucketName,
  checkObjectKey,
  formatObjectAddress,
} from './object-address.ts';
import { echoes } from './put-object.ts';
import { explainReadRefusal } from './read-refusal.ts';
import { type ServiceRequest, keyNotNeeded, toSsecError } from './service-error.ts';
import {
  CHECKSUM_ALGORITHMS,
  type ChecksumAlgorithm,
  type RunningChecksum,
  type StoredChecksum,
  createChecksum,
} from './transfer/checksum.ts';
import type { Sink } from './transfer/sink.ts';
import { BulkBody } from './transport/bulk-body.ts';

export interface GetObjectOptions {
  readonly client: SsecClient;
  readonly bucket: string;
  readonly key: string;
  /** undefined = ask without SSE-C headers. */
  readonly customerKey: CustomerKey | undefined;
  /** `bytes=0-99`, as in HTTP. */
  readonly range?: string;
  /** Opened once S3 answered and the answer is right, so that a refusal leaves nothing behind. */
  readonly openSink: (object: ObjectHead) => Promise<Sink>;
  /** Called with the bytes written so far. */
  readonly onProgress?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

/** What S3 says of an object before its bytes come. */
export interface ObjectHead {
  readonly bucket: string;
  readonly key: string;
  /** Bytes that will come: of the range, where one was asked for. */
  readonly size: number;
  readonly etag: string | undefined;
  readonly lastModified: Date | undefined;
  readonly contentType: string | undefined;
  readonly contentRange: string | undefined;
  readonly versionId: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  /** The full-object checksum that S3 holds and that is verified here. */
  readonly checksum: StoredChecksum | undefined;
  /** Whether the object is encrypted with the key that was given. */
  readonly encrypted: boolean;
}

export interface GetObjectResult extends ObjectHead {
  /** What the bytes were verified by: the algorithm of a full-object checksum, or their number alone. */
  readonly proof: ChecksumAlgorithm | 'size';
}

/**
 * Downloads an object into a sink, which is committed only if every byte came and the checksum that S3 holds
 * agrees, and discarded otherwise.
 *
 * @throws SsecError KEY_MISSING, KEY_MISMATCH, KEY_NOT_NEEDED, OBJECT_NOT_FOUND, ACCESS_DENIED,
 *   CHECKSUM_MISMATCH, SIZE_MISMATCH, NETWORK, ...
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export async function getObject(options: GetObjectOptions): Promise<GetObjectResult> {
  const { client, bucket, key, customerKey, signal } = options;
  checkBucketName(bucket);
  checkObjectKey(key);
  const request: ServiceRequest = {
    operation: 'GetObject',
    bucket,
    key,
    customerKeySent: customerKey !== undefined,
    fingerprint: customerKey?.fingerprint,
    endpoint: client.endpoint,
  };
  const output = await client
    .send<GetObjectCommandOutput>(
      new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(options.range === undefined ? {} : { Range: options.range }),
        ...customerKey?.requestFields(),
      }),
      { signal, bulk: true },
    )
    .catch(async (error: unknown) => {
      throw await explainReadRefusal(client, error, request, signal);
    });
  const body: unknown = output.Body;
  if (!(body instanceof Readable)) {
    throw new SsecError('INTERNAL', 'The SDK returned a body that is no stream.');
  }
  try {
    return await receive(options, output, body, request);
  } catch (error) {
    throw toSsecError(error, request);
  } finally {
    body.destroy();
  }
}

async function receive(
  options: GetObjectOptions,
  output: GetObjectCommandOutput,
  body: Readable,
  request: ServiceRequest,
): Promise<GetObjectResult> {
  const { customerKey } = options;
  if (customerKey !== undefined && !echoes(output, customerKey)) {
    // RGW answers 200 and ignores the key where the object is plain
    const { code, message, hints } = keyNotNeeded(request);
    throw new SsecError(code, message, { hints });
  }
  if (options.range !== undefined) checkRange(options.range, output, options);
  const head = objectHead(options, output);
  const running = head.checksum === undefined ? undefined : await createChecksum(head.checksum.algorithm);
  const sink = await options.openSink(head);
  try {
    await pour(body, sink, running, options);
    await verify(head, running);
  } catch (error) {
    await sink.discard();
    throw error;
  }
  await sink.commit();
  return { ...head, proof: head.checksum?.algorithm ?? 'size' };

  async function pour(
    from: Readable,
    to: Sink,
    sum: RunningChecksum | undefined,
    opts: GetObjectOptions,
  ): Promise<void> {
    let received = 0;
    const take = async (chunk: Buffer): Promise<void> => {
      opts.signal?.throwIfAborted();
      received += chunk.length;
      if (received > head.size) return;
      sum?.update(chunk);
      await to.write(chunk);
      opts.onProgress?.(received);
    };
    if (from instanceof BulkBody) {
      await from.pour(take);
    } else {
      for await (const chunk of from) {
        if (!Buffer.isBuffer(chunk)) throw new SsecError('INTERNAL', 'The body came as text.');
        await take(chunk);
        if (received > head.size) break;
      }
    }
    if (received !== head.size) {
      throw new SsecError(
        'SIZE_MISMATCH',
        `${received} of ${head.size} bytes of ${formatObjectAddress(options)} came.`,
        {
          hints: ['get it again'],
        },
      );
    }
  }
}

/**
 * A server may ignore a range and answer with the whole object: that is no success.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-content-range
 */
function checkRange(range: string, output: GetObjectCommandOutput, address: ObjectAddress): void {
  const [, from, to, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(output.ContentRange ?? '') ?? [];
  const [, first, last, suffix] = /^bytes=(?:(\d+)-(\d*)|-(\d+))$/.exec(range) ?? [];
  const end = total === '*' || total === undefined ? undefined : Number(total) - 1;
  const right =
    from !== undefined &&
    Number(to) - Number(from) + 1 === output.ContentLength &&
    (suffix === undefined
      ? Number(from) === Number(first) &&
        (last === '' || last === undefined
          ? end === undefined || Number(to) === end
          : Number(to) === Math.min(Number(last), end ?? Number(last)))
      : end === undefined || (Number(to) === end && Number(from) === Math.max(0, end + 1 - Number(suffix))));
  if (right) return;
  throw new SsecError(
    'NOT_SUPPORTED',
    `The server did not answer with the range of ${formatObjectAddress(address)} that was asked for.`,
    {
      hints: ['get the whole object: leave --range away'],
    },
  );
}

async function verify(head: ObjectHead, running: RunningChecksum | undefined): Promise<void> {
  if (running === undefined || head.checksum === undefined) return;
  const computed = await running.digest();
  if (computed === head.checksum.value) return;
  throw new SsecError(
    'CHECKSUM_MISMATCH',
    `The bytes of ${formatObjectAddress(head)} do not agree with the ${head.checksum.algorithm} that S3 holds (${head.checksum.value}, got ${computed}).`,
    { hints: ['get it again; if it stays so, the object is damaged'] },
  );
}

function objectHead(options: GetObjectOptions, output: GetObjectCommandOutput): ObjectHead {
  if (output.ContentLength === undefined) {
    throw new SsecError(
      'SERVICE_REFUSED',
      `The server did not say how long ${formatObjectAddress(options)} is.`,
    );
  }
  return {
    bucket: options.bucket,
    key: options.key,
    size: output.ContentLength,
    etag: output.ETag,
    lastModified: output.LastModified,
    contentType: output.ContentType,
    contentRange: output.ContentRange,
    versionId: output.VersionId,
    metadata: output.Metadata ?? {},
    checksum: storedChecksum(output),
    encrypted: options.customerKey !== undefined,
  };
}

/**
 * The cheapest full-object checksum in the answer. A composite one cannot be recomputed without the parts'
 * sizes; and some servers send the whole object's checksum with a range, so there is none for ranges.
 */
function storedChecksum(output: GetObjectCommandOutput): StoredChecksum | undefined {
  if (output.ContentRange !== undefined || output.ChecksumType === 'COMPOSITE') return undefined;
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const value = output[`Checksum${algorithm}`];
    if (value !== undefined && !/-\d+$/.test(value)) return { algorithm, value };
  }
  return undefined;
}
