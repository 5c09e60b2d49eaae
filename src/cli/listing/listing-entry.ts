import type { ListedDeleteMarker, ListedVersion } from '../../list-object-versions.ts';
import type { ListedObject, ListedPrefix } from '../../list-objects.ts';
import type { ObjectEncryption } from '../../object-encryption.ts';

/** What stands in a listing. */
export type ListingEntry = ListedObject | ListedVersion | ListedDeleteMarker | ListedPrefix;

/** What is known of an entry's encryption: undefined = it was not asked for; `denied` = it may not be read. */
export type KnownEncryption = ObjectEncryption | 'denied' | undefined;

export function isPrefix(entry: ListingEntry): entry is ListedPrefix {
  return 'prefix' in entry;
}

export function isDeleteMarker(entry: ListingEntry): entry is ListedDeleteMarker {
  return 'isDeleteMarker' in entry && entry.isDeleteMarker;
}

/** undefined where versions were not asked for. */
export function versionOf(entry: ListingEntry): ListedVersion | ListedDeleteMarker | undefined {
  return 'versionId' in entry ? entry : undefined;
}
