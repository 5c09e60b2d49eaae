import { deleteObject } from '../delete-object.ts';
import { SsecError } from '../errors.ts';
import { formatObjectAddress } from '../object-address.ts';
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
