import {
  CopyObjectCommand,
  type CopyObjectCommandOutput,
  GetObjectAttributesCommand,
  type GetObjectAttributesCommandOutput,
  PutObjectCommand,
  type PutObjectCommandOutput,
} from '@aws-sdk/client-s3';
import { CustomerKey } from './keys/customer-key.ts';
import { serviceAnswer } from './service-answer.ts';
import { failureOf } from './service-error.ts';
import { type TrialObject, removeObject } from './trial-object.ts';
import { echoes } from './write-proof.ts';

/** What AWS can do and other servers may not. */
type ServerAbility =
  | 'additional-checksums'
  | 'get-object-attributes'
  | 'conditional-writes'
  | 'copy-between-keys';

export interface AbilityFinding {
  readonly ability: ServerAbility;
  /** undefined: these credentials may not ask. */
  readonly present: boolean | undefined;
  /** An object that was made while asking and could not be taken away. */
  readonly left?: string;
}

/**
 * Tries each ability on an object that is there for it.
 *
 * @throws SsecError NETWORK, CANCELLED, ...: where the server does not say now
 */
export async function* probeAbilities(trial: TrialObject): AsyncGenerator<AbilityFinding> {
  yield { ability: 'additional-checksums', present: trial.written.proof === 'CRC32' };
  yield { ability: 'get-object-attributes', present: await tells(trial) };
  yield { ability: 'conditional-writes', present: await keepsConditions(trial) };
  yield await copiesBetweenKeys(trial);
}

/** Ceph RGW 16 does not know it, and answers with the object's own bytes. */
async function tells(trial: TrialObject): Promise<boolean | undefined> {
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
    return output.ObjectSize === trial.content.length;
  } catch (error) {
    return verdictOf(error, trial, 'GetObjectAttributes');
  }
}

/** `If-None-Match: *` on a name that is taken must be refused. */
async function keepsConditions(trial: TrialObject): Promise<boolean | undefined> {
  const { client, bucket, key, customerKey, content, signal } = trial;
  try {
    const { VersionId: version } = await client.send<PutObjectCommandOutput>(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: content,
        IfNoneMatch: '*',
        ...customerKey.requestFields(),
      }),
      { signal },
    );
    // in a bucket with versions that made another one
    if (version !== undefined) await removeObject(trial, key, version);
    return false;
  } catch (error) {
    return serviceAnswer(error)?.status === 412 ? true : verdictOf(error, trial, 'PutObject');
  }
}

/** A copy inside the server, from one customer key to another. */
async function copiesBetweenKeys(trial: TrialObject): Promise<AbilityFinding> {
  const ability = 'copy-between-keys';
  const { client, bucket, key, customerKey, signal } = trial;
  const target = `${key}-copy`;
  const targetKey = CustomerKey.generate();
  let copied: CopyObjectCommandOutput;
  try {
    copied = await client.send<CopyObjectCommandOutput>(
      new CopyObjectCommand({
        Bucket: bucket,
        Key: target,
        CopySource: `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`,
        ...targetKey.requestFields(),
        ...customerKey.copySourceFields(),
      }),
      { signal },
    );
  } catch (error) {
    return { ability, present: verdictOf(error, trial, 'CopyObject') };
  }
  const present = echoes(copied, targetKey);
  try {
    await removeObject(trial, target, copied.VersionId);
    return { ability, present };
  } catch {
    return { ability, present, left: `s3://${bucket}/${target}` };
  }
}

/** A refusal is an answer: 403 = may not ask, any other = cannot. What is no answer goes on up. */
function verdictOf(error: unknown, trial: TrialObject, operation: string): boolean | undefined {
  const { client, bucket, key, signal } = trial;
  const failure = failureOf(
    error,
    { operation, bucket, key, customerKeySent: true, endpoint: client.endpoint },
    signal,
  );
  const status = serviceAnswer(error)?.status;
  if (status === undefined || signal?.aborted === true) throw failure;
  if (status === 403) return undefined;
  if (status === 503 || status === 429 || failure.code === 'THROTTLED') throw failure;
  return false;
}
