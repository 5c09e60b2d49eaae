import { compareKeys } from '../store/key-order.ts';

export interface KeyQuery {
  readonly prefix: string;
  readonly delimiter: string;
  readonly maxKeys: number;
  /** A key or common prefix; what is listed comes after it. */
  readonly after: string;
}

export interface KeyPage {
  readonly keys: readonly string[];
  readonly commonPrefixes: readonly string[];
  /** Where the next page goes on; undefined: this is the last. */
  readonly next: string | undefined;
}

/** One page of sorted keys, those with the delimiter after the prefix rolled up to their common prefix. */
export function pageOfKeys(sortedKeys: readonly string[], query: KeyQuery): KeyPage {
  const { prefix, delimiter, maxKeys, after } = query;
  const keys: string[] = [];
  const commonPrefixes: string[] = [];
  let last = '';
  if (maxKeys === 0) return { keys, commonPrefixes, next: undefined };
  for (let at = firstAfter(sortedKeys, after); at < sortedKeys.length; at += 1) {
    const key = sortedKeys[at] ?? '';
    if (!key.startsWith(prefix)) {
      if (compareKeys(key, prefix) > 0) break;
      continue;
    }
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const rolled = end === -1 ? undefined : key.slice(0, end + delimiter.length);
    // A common prefix that stood on an earlier page, or on this one.
    if (rolled !== undefined && (rolled === last || compareKeys(rolled, after) <= 0)) continue;
    if (keys.length + commonPrefixes.length === maxKeys) return { keys, commonPrefixes, next: last };
    if (rolled === undefined) keys.push(key);
    else commonPrefixes.push(rolled);
    last = rolled ?? key;
  }
  return { keys, commonPrefixes, next: undefined };
}

function firstAfter(sortedKeys: readonly string[], after: string): number {
  let low = 0;
  let high = sortedKeys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(sortedKeys[middle] ?? '', after) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}
