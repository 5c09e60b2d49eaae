import type { SsecClient } from '../../client.ts';
import { SsecError } from '../../errors.ts';
import { formatObjectAddress } from '../../object-address.ts';
import type { ObjectVersion } from '../../object-version.ts';
import type { ObjectPrefix } from './object-prefix.ts';
import type { PathFilter } from './path-filter.ts';

/** One of many objects that a command works on where they are. */
export interface SelectedObject extends ObjectVersion {
  /** Bytes, where they are known beforehand. */
  readonly size?: number;
}

/**
 * The objects under a prefix that the filter takes, by their keys without the prefix. What consoles make to show an
 * empty folder is an object like any other.
 *
 * @throws SsecError OBJECT_NOT_FOUND where there is none under the prefix, and as `listObjects`
 */
export async function* selectedObjects(
  client: SsecClient,
  from: ObjectPrefix,
  filter: PathFilter,
  signal: AbortSignal,
): AsyncGenerator<SelectedObject, void, void> {
  const { listObjects } = await import('../../list-objects.ts');
  const { bucket, prefix } = from;
  let isEmpty = true;
  for await (const { key, size } of listObjects({ client, bucket, prefix, signal })) {
    // where a server lists what was not asked for
    if (!key.startsWith(prefix)) continue;
    isEmpty = false;
    if (filter.takes(key.slice(prefix.length))) yield { bucket, key, size };
  }
  if (isEmpty)
    throw new SsecError(
      'OBJECT_NOT_FOUND',
      `There is no object under ${formatObjectAddress({ bucket, key: prefix })}.`,
    );
}
