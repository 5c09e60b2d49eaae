import { readJson } from './json-file.ts';
import type { ObjectRecord, VersionIdentity } from './object-record.ts';
import { nullVersionId } from './version-id.ts';

/**
 * Stands where a simple DELETE put it: while it is the current version, the key looks deleted.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
 */
export interface DeleteMarker extends VersionIdentity {
  readonly key: string;
  /** ISO 8601 */
  readonly lastModified: string;
  readonly deleteMarker: true;
}

export type ObjectVersion = ObjectRecord | DeleteMarker;

export function isDeleteMarker(version: ObjectVersion): version is DeleteMarker {
  return 'deleteMarker' in version;
}

/** Records are written by this program alone; this tells a damaged file. */
export function readVersion(path: string): ObjectVersion {
  const value = readJson(path);
  // What was written before there were versions.
  const stored: unknown =
    typeof value === 'object' ? { versionId: nullVersionId, sequence: 0, ...value } : value;
  if (!isObjectRecord(stored) && !isStoredMarker(stored)) throw new Error(`${path} is damaged`);
  return stored;
}

function isObjectRecord(value: unknown): value is ObjectRecord {
  return (
    typeof value === 'object' &&
    value !== null &&
    'key' in value &&
    typeof value.key === 'string' &&
    'size' in value &&
    typeof value.size === 'number' &&
    'pieces' in value &&
    Array.isArray(value.pieces) &&
    value.pieces.length > 0 &&
    'headers' in value &&
    'metadata' in value
  );
}

function isStoredMarker(value: unknown): value is DeleteMarker {
  return (
    typeof value === 'object' &&
    value !== null &&
    'key' in value &&
    typeof value.key === 'string' &&
    'deleteMarker' in value &&
    'lastModified' in value
  );
}
