import type { SsecClient } from '../../client.ts';
import { SsecError } from '../../errors.ts';
import { encryptionOf } from '../../object-encryption.ts';
import type { OpeningKeys } from '../ring.ts';
import {
  type KnownEncryption,
  type ListingEntry,
  isDeleteMarker,
  isPrefix,
  versionOf,
} from './listing-entry.ts';

/** An entry that is still there, with what is known of it by now. */
export interface AskedEntry {
  readonly entry: ListingEntry;
  readonly known: KnownEncryption;
}

/** @returns undefined for an object that is gone since it was listed */
export async function askEncryption(
  entry: ListingEntry,
  from: { readonly client: SsecClient; readonly bucket: string; readonly keys: OpeningKeys },
  signal: AbortSignal,
): Promise<AskedEntry | undefined> {
  if (isPrefix(entry) || isDeleteMarker(entry)) return { entry, known: undefined };
  const { client, bucket, keys } = from;
  const object = { bucket, key: entry.key, versionId: versionOf(entry)?.versionId };
  try {
    return { entry, known: encryptionOf(await keys.find(client, object, signal)) };
  } catch (error) {
    const code = error instanceof SsecError ? error.code : undefined;
    if (code === 'OBJECT_NOT_FOUND') return undefined;
    if (code === 'ACCESS_DENIED') return { entry, known: 'denied' };
    throw error;
  }
}
