import { SsecError } from '../../../errors.ts';
import { checkBucketName, checkObjectKey } from '../../../object-address.ts';
import { type ObjectVersion, checkVersionId } from '../../../object-version.ts';
import { type Place, badLine } from './bad-line.ts';

/** What a line of a manifest says of an object. */
export interface LineRecord extends ObjectVersion {
  /** Bytes, where the manifest tells; it may have changed since. */
  readonly size?: number;
}

/** How a line of one of the formats is read. */
export interface LineReader {
  /**
   * @returns undefined for what stands for no object that is wanted: an old version, a delete marker
   * @throws SsecError USAGE
   */
  read(text: string, place: Place): LineRecord | undefined;
}

/** What is the same for all lines. */
export interface ReadingRules {
  /** Where a line names none. */
  readonly bucket: string | undefined;
  /** Each version by its id; else the current ones alone. */
  readonly allVersions: boolean;
}

/** Looks at the names, which go to S3 as they stand. Of the millions of lines most have the bucket of the one before. */
export class RecordCheck {
  #lastBucket: string | undefined;

  /** @throws SsecError USAGE */
  check(record: LineRecord, place: Place): LineRecord {
    const { bucket, key, versionId } = record;
    if (bucket !== this.#lastBucket) {
      passes(
        () => checkBucketName(bucket),
        place,
        (error) =>
          error.code === 'NOT_SUPPORTED'
            ? 'its bucket is of a kind that has no SSE-C'
            : 'it names no valid bucket',
      );
      this.#lastBucket = bucket;
    }
    passes(
      () => checkObjectKey(key),
      place,
      () => (key === '' ? 'its object key is empty' : 'its object key is longer than S3 takes (1,024 bytes)'),
    );
    passes(
      () => checkVersionId(versionId),
      place,
      () => 'its version id is none',
    );
    return record;
  }
}

function passes(check: () => void, place: Place, why: (error: SsecError) => string): void {
  try {
    check();
  } catch (error) {
    throw error instanceof SsecError ? badLine(place, why(error), [], error) : error;
  }
}

/** @throws SsecError USAGE where neither the line nor the settings name a bucket */
export function bucketOr(rules: ReadingRules, bucket: string | undefined, place: Place): string {
  const named = bucket ?? rules.bucket;
  if (named !== undefined) return named;
  throw badLine(place, 'it names no bucket', [
    'name the bucket of all that have none: -b BUCKET, or BUCKET_NAME',
  ]);
}
