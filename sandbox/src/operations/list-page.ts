import { compareKeys } from '../store/key-order.ts';

export interface PageQuery {
  readonly prefix: string;
  readonly delimiter: string;
  readonly limit: number;
  /** A key or common prefix: one that is not after it stood on an earlier page. */
  readonly after: string;
}

export interface ListPage<T> {
  readonly entries: readonly T[];
  readonly commonPrefixes: readonly string[];
  /** The last of this page, which the next goes on after; undefined: there is no more. */
  readonly next: PageEnd<T> | undefined;
}

interface PageEnd<T> {
  /** A key or common prefix. */
  readonly name: string;
  /** undefined: it is a common prefix. */
  readonly entry: T | undefined;
}

/**
 * One page of entries that are sorted by key, those with the delimiter after the prefix rolled up to their common
 * prefix, which counts as one.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-prefixes.html
 */
export function pageOf<T>(sorted: Iterable<T>, keyOf: (entry: T) => string, query: PageQuery): ListPage<T> {
  const { prefix, delimiter, limit, after } = query;
  const entries: T[] = [];
  const commonPrefixes: string[] = [];
  let last: PageEnd<T> = { name: '', entry: undefined };
  if (limit === 0) return { entries, commonPrefixes, next: undefined };
  for (const entry of sorted) {
    const key = keyOf(entry);
    if (!key.startsWith(prefix)) {
      if (compareKeys(key, prefix) > 0) break;
      continue;
    }
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const rolled = end === -1 ? undefined : key.slice(0, end + delimiter.length);
    // A common prefix that stood on an earlier page, or on this one.
    if (rolled !== undefined && (rolled === last.name || compareKeys(rolled, after) <= 0)) continue;
    if (entries.length + commonPrefixes.length === limit) return { entries, commonPrefixes, next: last };
    if (rolled === undefined) entries.push(entry);
    else commonPrefixes.push(rolled);
    last = rolled === undefined ? { name: key, entry } : { name: rolled, entry: undefined };
  }
  return { entries, commonPrefixes, next: undefined };
}

/** The sorted keys after `after`, and that one too where it is asked for. */
export function* keysFrom(
  sortedKeys: readonly string[],
  after: string,
  inclusive = false,
): Generator<string> {
  let low = 0;
  let high = sortedKeys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareKeys(sortedKeys[middle] ?? '', after);
    if (order > 0 || (inclusive && order === 0)) high = middle;
    else low = middle + 1;
  }
  for (let at = low; at < sortedKeys.length; at += 1) yield sortedKeys[at] ?? '';
}
