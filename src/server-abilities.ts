import {
  CopyObjectCommand,
  type CopyObjectCommandOutput,
  GetObjectAttributesCommand,
  type GetObjectAttributesCommandOutput,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { copySource } from './copy-source.ts';
import type { ErrorCode, SsecError } from './errors.ts';
import { CustomerKey } from './keys/customer-key.ts';
import { type LeftObject, removeIfThere, removeObject } from './object-removal.ts';
import { serviceAnswer } from './service-answer.ts';
import { failureOf } from './service-error.ts';
import type { TrialObject } from './trial-object.ts';
import { echoes } from './write-proof.ts';

/** What AWS can do and other servers may not. */
type ServerAbility =
  | 'additional-checksums'
  | 'get-object-attributes'
  | 'conditional-writes'
  | 'copy-between-keys';

export interface AbilityFinding {
  readonly ability: ServerAbility;
  /** undefined: it could not be found out. */
  readonly present: boolean | undefined;
  /** Why not, where it is not these credentials that may not ask. */
  readonly why?: SsecError;
  /** An object that was made while asking and could not be taken away. */
  readonly left?: LeftObject;
}

type Verdict = Omit<AbilityFinding, 'ability'>;

/**
 * Tries each ability on an object that is there for it.
 *
 * @throws SsecError NETWORK, TIMEOUT, CANCELLED, ... where no answer came
 */
export async function* probeAbilities(trial: TrialObject): AsyncGenerator<AbilityFinding> {
  yield { ability: 'additional-checksums', present: trial.written.proof === 'CRC32' };
  yield { ability: 'get-object-attributes', ...(await knowsGetObjectAttributes(trial)) };
  yield { ability: 'conditional-writes', ...(await honoursIfNoneMatch(trial)) };
  yield { ability: 'copy-between-keys', ...(await copiesBetweenKeys(trial)) };
}

/** Ceph RGW 16 does not know it, and answers with the object's own bytes. */
async function knowsGetObjectAttributes(trial: TrialObject): Promise<Verdict> {
  const { client, bucket, key, customerKey, signal } = trial;
  try {
    const output = await client.send<GetObjectAttributesCommandOutput>(
      new GetObjectAttributesCommand({
        Bucket: bucket,
        Key: key,
        ObjectAttributes: ['ObjectSize'],
        ...customerKey.requestFields(),
      }),
      { signal },
    );
    return { present: output.ObjectSize === trial.content.length };
  } catch (error) {
    return verdictOf(error, trial, 'GetObjectAttributes');
  }
}

/** `If-None-Match: *` on a name that is taken must be refused. */
async function honoursIfNoneMatch(trial: TrialObject): Promise<Verdict> {
  const { client, bucket, key, customerKey, content, signal } = trial;
  try {
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: content,
        IfNoneMatch: '*',
        ...customerKey.requestFields(),
      }),
      { signal },
    );
  } catch (error) {
    // 409: a condition met a request that was under way
    return [409, 412].includes(serviceAnswer(error)?.status ?? 0)
      ? { present: true }
      : verdictOf(error, trial, 'PutObject');
  }
  // in a bucket with versions that made another one, which goes with the trial object
  return { present: false };
}

/** A copy inside the server, from one customer key to another. */
async function copiesBetweenKeys(trial: TrialObject): Promise<Verdict> {
  const { client, bucket, key, customerKey, signal } = trial;
  const target = { client, bucket, key: `${key}-copy` };
  const targetKey = CustomerKey.generate();
  let copied: CopyObjectCommandOutput;
  try {
    copied = await client.send<CopyObjectCommandOutput>(
      new CopyObjectCommand({
        Bucket: bucket,
        Key: target.key,
        CopySource: copySource({ bucket, key }),
        ...targetKey.requestFields(),
        ...customerKey.copySourceFields(),
      }),
      { signal },
    );
  } catch (error) {
    const status = serviceAnswer(error)?.status;
    // a refusal leaves nothing; a lost or broken answer may
    const left =
      status !== undefined && status >= 400 && status < 500
        ? undefined
        : await removeIfThere(target, targetKey);
    return { ...verdictOf(error, trial, 'CopyObject'), ...orNothing(left) };
  }
  const left = await removeObject(target, copied.VersionId);
  return { present: echoes(copied, targetKey), ...orNothing(left) };
}

function orNothing(left: LeftObject | undefined): Pick<Verdict, 'left'> {
  return left === undefined ? {} : { left };
}

/** What a refusal says neither of the server's abilities nor of a permission that lacks. */
const OTHER_CAUSES: readonly ErrorCode[] = [
  'CREDENTIALS_EXPIRED',
  'CREDENTIALS_INVALID',
  'CLOCK_SKEW',
  'THROTTLED',
  'SERVICE_UNAVAILABLE',
  'TIMEOUT',
];

/** 403 = may not ask; any other refusal, and a success that cannot be read = cannot. No answer goes on up. */
function verdictOf(error: unknown, trial: TrialObject, operation: string): Verdict {
  const { client, bucket, key, signal } = trial;
  const failure = failureOf(
    error,
    { operation, bucket, key, customerKeySent: true, endpoint: client.endpoint },
    signal,
  );
  if (signal?.aborted === true) throw failure;
  // an answer that was none of S3's
  if (failure.code === 'NOT_SUPPORTED') return { present: false };
  if (serviceAnswer(error) === undefined) throw failure;
  if (failure.code === 'ACCESS_DENIED') return { present: undefined };
  if (OTHER_CAUSES.includes(failure.code)) return { present: undefined, why: failure };
  return { present: false };
}
