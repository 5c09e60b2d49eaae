import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import type { SsecClient } from '../client.ts';
import { type ErrorCode, SsecError } from '../errors.ts';
import type { FoundKey, KeyFinder } from '../key-finder.ts';
import { noneFits } from '../key-finder.ts';
import type { CustomerKey } from '../keys/customer-key.ts';
import {
  type ObjectAddress,
  checkBucketName,
  checkObjectKey,
  formatObjectAddress,
} from '../object-address.ts';
import { type ObjectEncryption, encryptionOf } from '../object-encryption.ts';
import { objectHead } from '../object-head.ts';
import { type ObjectVersion, checkVersionId } from '../object-version.ts';
import { failureOf } from '../service-error.ts';
import { whileBusy } from '../transfer/attempts.ts';
import { SINGLE_COPY_BYTES } from '../transfer/part-plan.ts';
import type { JournalPlace } from '../transfer/transfer-journal.ts';
import { isArchived, isSendable, lostOf } from './copied-description.ts';
import { CopyJournal } from './copy-journal.ts';
import { copiedTags } from './copied-tags.ts';
import { copyWhole } from './copy-whole.ts';
import { copyInParts } from './multipart-copy.ts';
import { dropOldVersion, dropReplacedVersion } from './old-version.ts';
import { findProvedCopy, proveCopy } from './rekey-proof.ts';
import type { RekeyObjectResult } from './rekey-result.ts';
import { type Rekeying, isInPlace } from './rekeying.ts';
import type { ThroughClient } from './through-client.ts';

/** What an object is to be encrypted with from now on. */
export interface NewKey {
  /** undefined = no customer key: the bucket's default encryption. */
  readonly customerKey: CustomerKey | undefined;
  /** In the ring, where it is from there; goes into the tag that names an object's key. */
  readonly name?: string | undefined;
}

export interface RekeyObjectOptions extends ObjectVersion {
  readonly client: SsecClient;
  /** Finds the key that the object has; the new one must be among its keys, so that what is done is known. */
  readonly finder: KeyFinder;
  readonly to: NewKey;
  /** Where the copy goes; default: in place. */
  readonly target?: ObjectAddress;
  /** Says of what an object has now whether it is to be rekeyed; default: whatever it is. */
  readonly takes?: (from: ObjectEncryption) => boolean;
  /** Fails with TARGET_EXISTS where the target exists; not in place. */
  readonly noOverwrite?: boolean;
  /** Given: through this machine rather than inside the server. */
  readonly throughClient?: ThroughClient;
  /** Writes the name of the new key among the tags, also where there was none. */
  readonly tagKey?: boolean;
  /** Deletes the version that the copy replaced, once the copy is proved. */
  readonly deleteOldVersion?: boolean;
  /**
   * Whether the copy is at the target already; default: that is found out.
   *
   * @internal
   */
  readonly isThere?: boolean;
  /** Finds out what would be done, and does nothing. */
  readonly dryRun?: boolean;
  /** Where is noted what is copied of an object of more than 5 GiB; default: nowhere. */
  readonly journal?: JournalPlace;
  /** Called with the bytes that were copied so far, where that is known. */
  readonly onProgress?: (bytes: number) => void;
  readonly onRetry?: () => void;
  /** Called with a sentence that the user should read. */
  readonly onNotice?: (message: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Encrypts an object with another key, inside S3 as a rule. The source is opened with its old key by HeadObject; it is
 * copied on the condition that it is still the same; the copy is looked at under the new key, with its checksum, before
 * this counts as done. Called again it finds what is done and goes on with the rest: at no moment is there less than a
 * whole object, under one key.
 *
 * @throws SsecError KEY_MISMATCH where no key opens it and `takes` does not skip it; NOT_SUPPORTED or KEY_IGNORED where
 *   the server cannot copy between keys; OBJECT_CHANGED, OBJECT_ARCHIVED, OBJECT_NOT_FOUND, TARGET_EXISTS,
 *   SSEC_BLOCKED, ACCESS_DENIED, NETWORK, ...; USAGE for a version in place
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/CopyingObjectsMPUapi.html
 */
export async function rekeyObject(options: RekeyObjectOptions): Promise<RekeyObjectResult> {
  const { client, bucket, key, versionId, to, signal } = options;
  const target = options.target ?? { bucket, key };
  const inPlace = isInPlace({ source: { bucket, key }, target });
  // in place the current version is meant, and whether it is the one that was named is seen when it answers
  const isOfVersion = versionId !== undefined && !inPlace;
  const source: ObjectVersion = { bucket, key, ...(isOfVersion ? { versionId } : {}) };
  for (const address of [source, target]) {
    checkBucketName(address.bucket);
    checkObjectKey(address.key);
  }
  checkVersionId(versionId);
  const found = await findKey(options, source);
  if (inPlace && versionId !== undefined) requireCurrent(found, { bucket, key, versionId });
  const from = encryptionOf(found);
  if (inPlace && isUnder(found, to.customerKey)) return finish(options, source, found);
  if (options.takes?.(from) === false) return outcome('skipped', source, target, found);
  if (found.kind === 'unknown') throw noneFits(source, found.tried);
  const head = withoutEmptyETag(found.head);
  const inParts = (head.ContentLength ?? 0) > SINGLE_COPY_BYTES;
  if (isArchived(head)) throw archived(source);
  const rekeying: Rekeying = {
    client,
    source,
    from: found.kind === 'key' ? found.ringKey.customerKey : undefined,
    head,
    target,
    to: to.customerKey,
    tags: undefined,
    noOverwrite: options.noOverwrite === true && !inPlace,
    journal: options.journal,
    onProgress: options.onProgress,
    onRetry: options.onRetry,
    onNotice: options.onNotice,
    signal,
  };
  try {
    if (options.isThere === true) return outcome('already', source, target, found);
    const there = inPlace || options.isThere === false ? undefined : await findProvedCopy(rekeying);
    if (there !== undefined) return { ...outcome('already', source, target, found), ...there };
    if (options.dryRun === true) return outcome('pending', source, target, found);
    const isOurs = options.throughClient !== undefined || inParts;
    if (isOurs && !isSendable(head)) throw unheadable(source);
    const tags = await copiedTags({
      ...rekeying,
      areCopied: !isOurs,
      isInPlace: inPlace,
      keyName: to.name,
      tagKey: options.tagKey === true,
    });
    const tagged = { ...rekeying, tags };
    const copied = await (options.throughClient?.copy(tagged) ??
      (inParts ? copyInParts(tagged) : copyWhole(tagged)));
    const proved = await proveCopy(tagged, copied);
    const oldVersion = inPlace
      ? await dropOldVersion(tagged, proved, options.deleteOldVersion === true)
      : undefined;
    return {
      ...outcome('rekeyed', source, target, found),
      ...proved,
      copiedBy: copied.by,
      oldVersion,
      lost: lostOf(head),
    };
  } catch (error) {
    const isChanged = error instanceof SsecError && error.code === 'OBJECT_CHANGED';
    if (isChanged && inPlace && signal?.aborted !== true) {
      // by another run of the same, as a rule
      const now = await findKey(options, source).catch((refusal: unknown) => {
        // where nothing may be read any more, nobody knows whether it changed
        if (refusal instanceof SsecError && NO_MORE_READ.has(refusal.code)) throw refusal;
        return undefined;
      });
      if (now !== undefined && isUnder(now, to.customerKey)) return finish(options, source, now);
    }
    const request = { operation: 'CopyObject', ...target, customerKeySent: true, endpoint: client.endpoint };
    throw error instanceof SsecError ? error : failureOf(error, request, signal);
  }
}

/** It is under the new key; an earlier run may have been cut off before it had cleared up. */
async function finish(
  options: RekeyObjectOptions,
  source: ObjectVersion,
  found: FoundKey,
): Promise<RekeyObjectResult> {
  const { client, finder, to, takes, journal, deleteOldVersion, dryRun, onNotice, signal } = options;
  const already = outcome('already', source, source, found);
  if (dryRun === true) return already;
  await CopyJournal.clear(client, source, journal);
  if (deleteOldVersion !== true) return already;
  const oldVersion = await dropReplacedVersion({
    client,
    source,
    finder,
    current: found,
    isOld: (from) => !isNow(from, to.customerKey) && takes?.(from) !== false,
    onNotice,
    signal,
  });
  return { ...already, oldVersion };
}

function isNow({ encryption, ringKey }: ObjectEncryption, customerKey: CustomerKey | undefined): boolean {
  if (customerKey === undefined) return encryption !== 'SSE-C';
  return ringKey?.customerKey.equals(customerKey) === true;
}

const NO_MORE_READ: ReadonlySet<ErrorCode> = new Set([
  'ACCESS_DENIED',
  'CREDENTIALS_EXPIRED',
  'CREDENTIALS_INVALID',
]);

async function findKey(
  { client, finder, to: { customerKey }, signal, onRetry }: RekeyObjectOptions,
  source: ObjectVersion,
): Promise<FoundKey> {
  const { maxAttempts, slots } = client;
  return whileBusy({ maxAttempts, signal, onRetry }, async () => {
    const release = await slots.acquire(1, signal);
    try {
      const found = await finder.find(source, signal);
      if (found.kind !== 'unknown') return found;
      // another run may have rekeyed it after the new key was tried, and before the old one was
      return (await finder.findWith(customerKey, source, signal)) ?? found;
    } finally {
      release();
    }
  });
}

/** Some servers have none to tell, and no condition can be made of nothing. */
function withoutEmptyETag(head: HeadObjectCommandOutput): HeadObjectCommandOutput {
  return head.ETag === '' ? { ...head, ETag: undefined } : head;
}

function isUnder(found: FoundKey, customerKey: CustomerKey | undefined): boolean {
  if (customerKey === undefined) return found.kind === 'plain';
  return found.kind === 'key' && found.ringKey.customerKey.equals(customerKey);
}

function outcome(
  status: RekeyObjectResult['status'],
  source: ObjectVersion,
  target: ObjectAddress,
  found: FoundKey,
): RekeyObjectResult {
  const known = found.kind === 'unknown' ? undefined : objectHead(source, found.head, found.kind === 'key');
  return {
    status,
    source,
    target,
    size: known?.size,
    from: encryptionOf(found),
    copiedBy: undefined,
    etag: known?.etag,
    versionId: known?.versionId,
    checksum: known?.checksum,
    proof: undefined,
    oldVersion: undefined,
    lost: [],
  };
}

/**
 * S3 replaces no version, but by a newer one the current.
 *
 * @throws SsecError USAGE
 */
function requireCurrent(found: FoundKey, { bucket, key, versionId }: ObjectVersion): void {
  if (found.kind !== 'unknown' && (found.head.VersionId ?? 'null') === versionId) return;
  throw new SsecError(
    'USAGE',
    `Version ${versionId} of ${formatObjectAddress({ bucket, key })} is not the current one, and cannot be rekeyed in place: its copy would become the current object.`,
    { hints: ['copy it elsewhere: ssec rekey OBJECT DEST --version-id ID'] },
  );
}

function archived(source: ObjectVersion): SsecError {
  return new SsecError(
    'OBJECT_ARCHIVED',
    `${formatObjectAddress(source)} is archived and must be restored before it can be copied.`,
    { hints: ['restore it (aws s3api restore-object ...), and run the same command again'] },
  );
}

/** Only S3 itself could take them over. */
function unheadable(source: ObjectVersion): SsecError {
  return new SsecError(
    'NOT_SUPPORTED',
    `${formatObjectAddress(source)} has metadata or headers that cannot be sent as they are, and they would be lost.`,
    { context: { ofOne: true } },
  );
}
