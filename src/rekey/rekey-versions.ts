import { setTimeout as sleep } from 'node:timers/promises';
import { HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { bucketVersioning } from '../bucket-inspection.ts';
import type { SsecClient } from '../client.ts';
import { deleteObject } from '../delete-object.ts';
import { SsecError } from '../errors.ts';
import { type ListedDeleteMarker, type ListedVersion, listObjectVersions } from '../list-object-versions.ts';
import { type ObjectAddress, formatObjectAddress } from '../object-address.ts';
import { objectHead } from '../object-head.ts';
import { failureOf } from '../service-error.ts';
import { type RekeyObjectOptions, rekeyObject } from './rekey-object.ts';
import type { RekeyObjectResult } from './rekey-result.ts';

/** A version, or a delete marker among them. */
export type HistoryEntry = ListedVersion | ListedDeleteMarker;

export interface RekeyVersionsOptions
  extends Omit<RekeyObjectOptions, 'versionId' | 'target' | 'takes' | 'noOverwrite' | 'deleteOldVersion'> {
  /** Another object, in a bucket with versions. */
  readonly target: ObjectAddress;
  /** All of the source's, as they are listed: from the newest to the oldest. */
  readonly versions: readonly HistoryEntry[];
  /**
   * Whether it is known that the target's bucket keeps versions; default: it is asked.
   *
   * @internal
   */
  readonly isVersioned?: boolean;
}

/** Listings tell whole seconds; what comes behind a delete marker must be of a later one to stand behind it there. */
const ANOTHER_SECOND_MS = 1100;

/**
 * Copies all versions of an object under another key to another place, from the oldest to the newest, delete markers
 * among them, so that the copy has the same history. S3 replaces no version: in place, each copy of an old one would be
 * the current object for a while, so this goes elsewhere alone.
 *
 * Called again it goes on behind what is there, which must be a beginning of the same history.
 *
 * @returns what became of each version, the oldest first
 * @throws SsecError TARGET_EXISTS where the target has other versions; NOT_SUPPORTED where its bucket keeps none; and as
 *   `rekeyObject`
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/RestoringPreviousVersions.html
 */
export async function* rekeyVersions(
  options: RekeyVersionsOptions,
): AsyncGenerator<RekeyObjectResult, void, void> {
  const { client, target, versions, signal, dryRun, isVersioned, ...rest } = options;
  if (isVersioned !== true) await requireVersioning(client, target.bucket, signal);
  const history = [...versions].reverse();
  const there = await historyOf(client, target, signal);
  if (there.length > history.length) throw otherHistory(target);
  for (const [i, entry] of history.entries()) {
    const copied = there[i];
    if (entry.isDeleteMarker) {
      if (copied !== undefined && !copied.isDeleteMarker) throw otherHistory(target);
      if (copied !== undefined || dryRun === true) continue;
      await deleteObject({ client, ...target, signal });
      await sleep(ANOTHER_SECOND_MS, undefined, signal === undefined ? {} : { signal });
      continue;
    }
    if (copied !== undefined) await requireCopy(options, entry, copied);
    yield await rekeyObject({
      ...rest,
      client,
      target,
      versionId: entry.versionId,
      // of two versions with one content both are copied
      isThere: copied !== undefined,
      ...(dryRun === undefined ? {} : { dryRun }),
      ...(signal === undefined ? {} : { signal }),
    });
  }
}

/**
 * Without versions each copy would replace the one before.
 *
 * @throws SsecError NOT_SUPPORTED
 */
export async function requireVersioning(
  client: SsecClient,
  bucket: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const answer = await bucketVersioning({ client, bucket, ...(signal === undefined ? {} : { signal }) });
  if (answer.known && answer.value === 'Enabled') return;
  if (!answer.known && answer.why instanceof SsecError) throw answer.why;
  throw new SsecError(
    'NOT_SUPPORTED',
    answer.known
      ? `The bucket "${bucket}" keeps no versions, and would hold the last copy alone.`
      : `Whether the bucket "${bucket}" keeps versions could not be found out.`,
    {
      hints: [
        answer.known
          ? `turn them on: aws s3api put-bucket-versioning --bucket ${bucket} --versioning-configuration Status=Enabled`
          : 'ask for s3:GetBucketVersioning',
      ],
    },
  );
}

/** What there is of an object, the oldest first. */
async function historyOf(
  client: SsecClient,
  { bucket, key }: ObjectAddress,
  signal: AbortSignal | undefined,
): Promise<readonly HistoryEntry[]> {
  const found: HistoryEntry[] = [];
  const listing = listObjectVersions({
    client,
    bucket,
    prefix: key,
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const entry of listing) {
    // those of a longer name come behind
    if (entry.key !== key) break;
    found.push(entry);
  }
  return found.reverse();
}

/** @throws SsecError TARGET_EXISTS where a version of the target is no copy of the source's */
async function requireCopy(
  { client, bucket, key, finder, to, target, signal }: RekeyVersionsOptions,
  entry: ListedVersion,
  copied: HistoryEntry,
): Promise<void> {
  if (copied.isDeleteMarker || copied.size !== entry.size) throw otherHistory(target);
  const found = await finder.find({ bucket, key, versionId: entry.versionId }, signal);
  let head: HeadObjectCommandOutput;
  try {
    head = await client.send<HeadObjectCommandOutput>(
      new HeadObjectCommand({
        Bucket: target.bucket,
        Key: target.key,
        VersionId: copied.versionId,
        ...to.customerKey?.requestFields(),
      }),
      { signal },
    );
  } catch (error) {
    const request = {
      operation: 'HeadObject',
      ...target,
      versionId: copied.versionId,
      customerKeySent: to.customerKey !== undefined,
      endpoint: client.endpoint,
    };
    const failure = failureOf(error, request, signal);
    throw ['KEY_MISMATCH', 'KEY_MISSING', 'KEY_NOT_NEEDED'].includes(failure.code)
      ? otherHistory(target)
      : failure;
  }
  if (found.kind === 'unknown') return;
  const before = objectHead({ bucket, key }, found.head, true).checksum;
  const after = objectHead(target, head, true).checksum;
  const isOther = before?.algorithm === after?.algorithm && before?.value !== after?.value;
  if (isOther) throw otherHistory(target);
}

function otherHistory(target: ObjectAddress): SsecError {
  return new SsecError(
    'TARGET_EXISTS',
    `${formatObjectAddress(target)} has versions that are not copies of these.`,
    { hints: ['copy to where nothing is'] },
  );
}
