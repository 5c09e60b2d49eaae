import { SsecError } from './errors.ts';
import type { ObjectAddress } from './object-address.ts';

/** An object, or one version of it. */
export interface ObjectVersion extends ObjectAddress {
  /** As S3 gave it; undefined = the current version. */
  readonly versionId?: string | undefined;
}

/** Longest version id in bytes (AmazonS3/latest/userguide/versioning-workflows.html). */
const MAX_VERSION_ID_BYTES = 1024;

/**
 * The member of a request that names the version.
 *
 * @internal
 */
export function versionField({ versionId }: Pick<ObjectVersion, 'versionId'>): { VersionId?: string } {
  return versionId === undefined ? {} : { VersionId: versionId };
}

/**
 * An empty one would be sent as none, and mean the current version.
 *
 * @throws SsecError USAGE
 */
export function checkVersionId(versionId: string | undefined): void {
  if (versionId === undefined) return;
  if (versionId !== '' && Buffer.byteLength(versionId) <= MAX_VERSION_ID_BYTES) return;
  throw new SsecError(
    'USAGE',
    versionId === '' ? 'The version id is empty.' : 'That is no version id: it is too long.',
    {
      hints: ['give it as S3 shows it; null is the version from before versioning'],
    },
  );
}
