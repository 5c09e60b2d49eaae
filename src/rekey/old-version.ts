import { deleteObject } from '../delete-object.ts';
import { SsecError } from '../errors.ts';
import type { FoundKey, KeyFinder } from '../key-finder.ts';
import { type ListedDeleteMarker, type ListedVersion, listObjectVersions } from '../list-object-versions.ts';
import { formatObjectAddress } from '../object-address.ts';
import { type ObjectEncryption, encryptionOf } from '../object-encryption.ts';
import { objectHead } from '../object-head.ts';
import type { ProvedCopy } from './rekey-proof.ts';
import type { OldVersion } from './rekey-result.ts';
import type { Rekeying } from './rekeying.ts';

/**
 * What a copy in place leaves behind in a bucket with versions.
 *
 * @param drop whether it is deleted, for good
 * @returns undefined where nothing is left: without versions, or where `null` was replaced by itself
 */
export async function dropOldVersion(
  { client, source, head, onNotice, signal }: Rekeying,
  proved: ProvedCopy,
  drop: boolean,
): Promise<OldVersion | undefined> {
  const versionId = head.VersionId;
  // the copy's own must be known, and another: what is deleted here is gone
  if (versionId === undefined || proved.versionId === undefined || proved.versionId === versionId)
    return undefined;
  if (!drop) return { versionId, deleted: false };
  if (proved.proof === 'size') {
    onNotice?.('old versions of copies that are proved by their length alone were not deleted');
    return { versionId, deleted: false };
  }
  return deleteOld({ client, source, onNotice, signal }, versionId);
}

export interface ReplacedVersionOptions extends Pick<Rekeying, 'client' | 'source' | 'onNotice' | 'signal'> {
  readonly finder: KeyFinder;
  /** The current version, under the new key. */
  readonly current: FoundKey;
  /** Whether what a version is encrypted with is one of the old ways. */
  readonly isOld: (from: ObjectEncryption) => boolean;
}

/**
 * Deletes what an earlier run's copy replaced and did not come to delete: the version right before the current one, if it
 * has the same checksum, and an old key opens it.
 *
 * @returns undefined where there is no such version
 */
export async function dropReplacedVersion(options: ReplacedVersionOptions): Promise<OldVersion | undefined> {
  const { client, source, current, finder, isOld, signal } = options;
  if (current.kind === 'unknown' || current.head.VersionId === undefined) return undefined;
  const { bucket, key } = source;
  const listing = listObjectVersions({
    client,
    bucket,
    prefix: key,
    pageSize: 2,
    ...(signal === undefined ? {} : { signal }),
  });
  const newest: (ListedVersion | ListedDeleteMarker)[] = [];
  for await (const entry of listing) {
    if (entry.key !== key || newest.push(entry) === 2) break;
  }
  const [latest, replaced] = newest;
  if (latest?.versionId !== current.head.VersionId || replaced === undefined || replaced.isDeleteMarker)
    return undefined;
  const before = await finder.find({ ...source, versionId: replaced.versionId }, signal);
  if (before.kind === 'unknown' || !isOld(encryptionOf(before))) return undefined;
  const was = objectHead(source, before.head, true);
  const is = objectHead(source, current.head, true);
  const isSame =
    was.size === is.size &&
    was.checksum !== undefined &&
    was.checksum.algorithm === is.checksum?.algorithm &&
    was.checksum.value === is.checksum.value;
  return isSame ? deleteOld(options, replaced.versionId) : undefined;
}

async function deleteOld(
  { client, source, onNotice, signal }: Pick<Rekeying, 'client' | 'source' | 'onNotice' | 'signal'>,
  versionId: string,
): Promise<OldVersion> {
  try {
    await deleteObject({ client, bucket: source.bucket, key: source.key, versionId, signal });
    return { versionId, deleted: true };
  } catch (error) {
    if (!(error instanceof SsecError) || error.code === 'CANCELLED') throw error;
    onNotice?.(
      `version ${versionId} of ${formatObjectAddress(source)}, under the old key, could not be deleted: ${error.message}`,
    );
    return { versionId, deleted: false };
  }
}
