import type { ListedObject } from '../../list-objects.ts';

/**
 * Puts what is listed beside what is walked, both in S3's order, with one of each in memory. Where a server lists in
 * another order, less is found, and nothing that is not there.
 */
export async function* matchListed<Entry>(
  entries: Iterable<Entry>,
  listed: AsyncGenerator<ListedObject>,
  keyOf: (entry: Entry) => string | undefined,
): AsyncGenerator<{ readonly entry: Entry; readonly listed: ListedObject | undefined }> {
  try {
    let next = await listed.next();
    for (const entry of entries) {
      const key = keyOf(entry);
      while (key !== undefined && next.done !== true && compareKeys(next.value.key, key) < 0)
        next = await listed.next();
      const found = next.done !== true && next.value.key === key ? next.value : undefined;
      yield { entry, listed: found };
    }
  } finally {
    await listed.return(undefined);
  }
}

/** By UTF-8 bytes, which is not how JavaScript compares what is beyond U+FFFF. */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  if (/[\ud800-\uffff]/.test(a) || /[\ud800-\uffff]/.test(b))
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}
