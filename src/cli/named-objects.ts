import { SsecError } from '../errors.ts';
import { checkObjectKey, formatObjectAddress, parseObjectAddress } from '../object-address.ts';
import { type ObjectVersion, checkVersionId } from '../object-version.ts';
import type { Settings } from '../settings/settings.ts';
import { bucketOf } from './session.ts';

/**
 * The objects that were named on the command line, each once.
 *
 * @throws SsecError USAGE, SETTING_INVALID
 */
export function namedObjects(
  words: readonly string[],
  settings: Settings,
  versionId: string | undefined,
): readonly ObjectVersion[] {
  checkVersionId(versionId);
  const objects = new Map<string, ObjectVersion>();
  for (const word of words) {
    const given = parseObjectAddress(word);
    const address = { bucket: bucketOf(settings, given?.bucket), key: given?.key ?? word };
    checkObjectKey(address.key);
    objects.set(formatObjectAddress(address), versionId === undefined ? address : { ...address, versionId });
  }
  if (versionId !== undefined && objects.size > 1)
    throw new SsecError('USAGE', '--version-id is for one object, and these are several.');
  return [...objects.values()];
}
