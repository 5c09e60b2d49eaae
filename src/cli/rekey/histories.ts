import type { SsecClient } from '../../client.ts';
import type { HistoryEntry } from '../../rekey/rekey-versions.ts';
import type { ObjectPrefix } from '../batch/object-prefix.ts';

/** The versions and delete markers of each object under a prefix, from the newest to the oldest. */
export async function* histories(
  client: SsecClient,
  { bucket, prefix }: ObjectPrefix,
  signal: AbortSignal,
): AsyncGenerator<readonly HistoryEntry[], void, void> {
  const { listObjectVersions } = await import('../../list-object-versions.ts');
  let group: HistoryEntry[] = [];
  for await (const entry of listObjectVersions({ client, bucket, prefix, signal })) {
    if (group[0] !== undefined && group[0].key !== entry.key) {
      yield group;
      group = [];
    }
    group.push(entry);
  }
  if (group.length > 0) yield group;
}
