import prettyBytes from 'pretty-bytes';
import { encryptionLabel } from './encryption-label.ts';
import {
  type KnownEncryption,
  type ListingEntry,
  isDeleteMarker,
  isPrefix,
  versionOf,
} from './listing-entry.ts';

/** `2026-11-27T08:30:00Z` */
const TIME_WIDTH = 20;
/** All sizes below a terabyte. */
const BYTES_WIDTH = 12;
/** `1023.9 KiB` */
const SHORT_WIDTH = 10;
/** AWS and Ceph, for what has an id. */
const VERSION_WIDTH = 32;
const GAP = '  ';

export interface LineLayout {
  readonly humanReadable: boolean;
  /** Columns of the encryption; undefined = it is not shown. */
  readonly encryptionWidth: number | undefined;
}

/** A line of the listing; the key stands last, as it may hold blanks. Not cleaned. */
export function listingLine(
  entry: ListingEntry,
  known: KnownEncryption,
  { humanReadable, encryptionWidth }: LineLayout,
): string {
  const sizeWidth = humanReadable ? SHORT_WIDTH : BYTES_WIDTH;
  if (isPrefix(entry))
    return `${' '.repeat(TIME_WIDTH)}${GAP}${'PRE'.padStart(sizeWidth)}${GAP}${entry.prefix}`;
  const version = versionOf(entry);
  const size = isDeleteMarker(entry) ? 'DEL' : sizeText(entry.size, humanReadable);
  return [
    (entry.lastModified?.toISOString().replace(/\.\d+Z$/, 'Z') ?? '').padEnd(TIME_WIDTH),
    size.padStart(sizeWidth),
    ...(encryptionWidth === undefined ? [] : [encryptionLabel(known).padEnd(encryptionWidth)]),
    ...(version === undefined
      ? []
      : [version.versionId.padEnd(VERSION_WIDTH), version.isLatest ? 'latest' : '      ']),
    entry.key,
  ].join(GAP);
}

/** Powers of 1024 with their names, or the bytes to the last. */
export function sizeText(bytes: number, humanReadable: boolean): string {
  return humanReadable ? prettyBytes(bytes, { binary: true, maximumFractionDigits: 1 }) : String(bytes);
}
