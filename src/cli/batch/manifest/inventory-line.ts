import { type Place, badLine } from './bad-line.ts';
import { csvFields } from './csv-fields.ts';
import type { LineReader, LineRecord, ReadingRules } from './record.ts';

const SIZE = /^\d{1,15}$/;

/**
 * A data file of S3 Inventory, CSV: no header, each field in quotes, the bucket and the key first; where all versions
 * are listed, VersionId, IsLatest and IsDeleteMarker come next. The key is URL-encoded, with a plus for a blank.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory.html
 */
export class InventoryLines implements LineReader {
  readonly #rules: ReadingRules;
  #width: number | undefined;
  #hasVersions = false;

  constructor(rules: ReadingRules) {
    this.#rules = rules;
  }

  read(text: string, place: Place): LineRecord | undefined {
    const fields = csvFields(text);
    if (fields === undefined) throw badLine(place, 'its quotes do not match', ['it may be cut off']);
    if (this.#width === undefined) this.#learn(fields, place);
    if (fields.length !== this.#width)
      throw badLine(place, `it has ${fields.length} fields, and those before it have ${this.#width}`, [
        'it may be cut off',
      ]);
    const [bucket = '', encoded = ''] = fields;
    if (!this.#hasVersions) return { bucket, key: decodedKey(encoded, place), ...sizeIn(fields[2]) };
    const [, , versionId = '', isLatest = '', isDeleteMarker = '', size] = fields;
    if (flag(isDeleteMarker, place)) return undefined;
    if (!flag(isLatest, place) && !this.#rules.allVersions) return undefined;
    const record = { bucket, key: decodedKey(encoded, place), ...sizeIn(size) };
    // what was put before versioning has none in the inventory, and the name "null" in requests
    return this.#rules.allVersions ? { ...record, versionId: versionId === '' ? 'null' : versionId } : record;
  }

  /** All records of a file have the same fields, and the only ones that are two flags side by side are these. */
  #learn(fields: readonly string[], place: Place): void {
    if (fields.length < 2) {
      throw badLine(place, 'it has one field, and not a bucket and a key', [
        'S3 Inventory has both, each in quotes',
      ]);
    }
    if (/^bucket$/i.test(fields[0] ?? '') && /^key$/i.test(fields[1] ?? '')) {
      // whether the keys below are encoded, a header does not tell
      throw badLine(place, 'it is a header, which no data file of S3 Inventory has', [
        'of a table of your own make lines s3://bucket/key, or JSON objects with Bucket and Key',
      ]);
    }
    this.#width = fields.length;
    this.#hasVersions = isFlag(fields[3] ?? '') && isFlag(fields[4] ?? '');
  }
}

/** "+" is a blank, and a plus is %2B. */
function decodedKey(encoded: string, place: Place): string {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch (error) {
    throw badLine(
      place,
      'its key is not URL-encoded, as S3 Inventory has it',
      ['of keys as they are make lines s3://bucket/key, or JSON objects with Bucket and Key'],
      error,
    );
  }
}

function isFlag(text: string): boolean {
  return /^(?:true|false)$/i.test(text);
}

function flag(text: string, place: Place): boolean {
  if (isFlag(text)) return text.toLowerCase() === 'true';
  throw badLine(place, 'its IsLatest or IsDeleteMarker is neither true nor false');
}

/** Which fields follow is chosen for each inventory; Size, where it was, is the first of them. */
function sizeIn(field: string | undefined): { size?: number } {
  return field !== undefined && SIZE.test(field) ? { size: Number(field) } : {};
}
