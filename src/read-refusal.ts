import { GetObjectCommand, type GetObjectCommandOutput, HeadObjectCommand } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import type { SsecClient } from './client.ts';
import { SsecError } from './errors.ts';
import type { CustomerKey } from './keys/customer-key.ts';
import { type ObjectVersion, versionField } from './object-version.ts';
import { serviceAnswer } from './service-answer.ts';
import {
  type ServiceRequest,
  accessDenied,
  isPlainRefusal,
  keyMismatch,
  keyNotNeeded,
  toSsecError,
} from './service-error.ts';

/**
 * Why S3 refused a read with a key. The status alone does not tell: a wrong key is 403 on AWS, 400 on RGW, and
 * 403 is also what a missing permission and a hidden missing object look like. A HEAD without the key tells
 * them apart: 400 = we may read it and it is encrypted, so the key is wrong; 200 = it needs no key.
 */
export async function explainReadRefusal(
  client: SsecClient,
  error: unknown,
  request: ServiceRequest,
  signal: AbortSignal | undefined,
): Promise<SsecError> {
  const plain = toSsecError(error, request);
  const answer = serviceAnswer(error);
  const unclear =
    request.customerKeySent &&
    answer !== undefined &&
    [400, 403].includes(answer.status) &&
    isPlainRefusal(answer);
  if (!unclear || request.key === undefined || plain.code === 'SSEC_BLOCKED') return plain;
  // such a version there is not, whatever the key
  if (plain.code === 'OBJECT_NOT_FOUND') return plain;
  const { bucket, key, versionId } = request;
  const status = await statusWithoutKey(client, { bucket, key, versionId }, signal);
  const verdict =
    status === 400
      ? keyMismatch(request)
      : status === 200
        ? keyNotNeeded(request)
        : status === 403 && answer.status !== 403
          ? accessDenied(request)
          : undefined;
  if (verdict === undefined) return plain;
  return new SsecError(verdict.code, verdict.message, {
    hints: verdict.hints,
    cause: error,
    context: plain.context,
  });
}

/**
 * A refused HEAD says no more than its status, and 400 may be a wrong key or expired credentials: a GET of one byte
 * is refused with the reason.
 *
 * @returns the error of that GET; undefined where it was not refused, or only because an empty object has no first byte:
 *   Ceph says that before it looks at the key
 */
export async function refusalOfGet(
  client: SsecClient,
  object: ObjectVersion & { readonly customerKey: CustomerKey | undefined },
  signal: AbortSignal | undefined,
): Promise<unknown> {
  try {
    const { Body: body } = await client.send<GetObjectCommandOutput>(
      new GetObjectCommand({
        Bucket: object.bucket,
        Key: object.key,
        ...versionField(object),
        Range: 'bytes=0-0',
        ...object.customerKey?.requestFields(),
      }),
      { signal, bulk: true },
    );
    if (body instanceof Readable) body.destroy();
    return undefined;
  } catch (error) {
    return serviceAnswer(error)?.status === 416 ? undefined : error;
  }
}

/** What a HEAD without a key is answered: 200 = it needs none, 400 = it is encrypted with one. */
async function statusWithoutKey(
  client: SsecClient,
  object: ObjectVersion,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  try {
    await client.send(
      new HeadObjectCommand({ Bucket: object.bucket, Key: object.key, ...versionField(object) }),
      { signal, bulk: true },
    );
    return 200;
  } catch (error) {
    return serviceAnswer(error)?.status;
  }
}
