import { type Place, badLine } from './bad-line.ts';
import { type LineReader, type LineRecord, type ReadingRules, bucketOr } from './record.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Of what `--json` prints: what names one object. */
const OF_OBJECTS: ReadonlySet<unknown> = new Set(['ls', 'stat', 'put', 'get', 'rekey', 'verify', 'dry-run']);

/** Of what `--json` prints on stderr: what says something by the way. */
const BY_THE_WAY: ReadonlySet<unknown> = new Set(['notice', 'warning', 'progress', 'request']);

/**
 * One JSON object a line, as `ssec ls -r --json` prints them, or as other tools do: `Bucket`, `Key`, `VersionId` and
 * `Size`, or the same in the spelling of S3's metadata tables (`bucket`, `key`, `version_id`, `size`).
 */
export class JsonLines implements LineReader {
  readonly #rules: ReadingRules;

  constructor(rules: ReadingRules) {
    this.#rules = rules;
  }

  read(text: string, place: Place): LineRecord | undefined {
    const fields = parsed(text, place);
    if (!standsForObject(fields, place)) return undefined;
    if (flag(fields, ['DeleteMarker', 'is_delete_marker'], place) === true) return undefined;
    const isOld = flag(fields, ['IsLatest', 'is_latest'], place) === false;
    if (isOld && !this.#rules.allVersions) return undefined;
    const key = word(fields, ['Key', 'key'], place);
    if (key === undefined)
      throw badLine(place, 'it has no Key', ['each line is an object with Bucket and Key']);
    const bucket = bucketOr(this.#rules, word(fields, ['Bucket', 'bucket'], place), place);
    const versionId = this.#versionOf(fields, place);
    const size = sizeOf(fields, place);
    return {
      bucket,
      key,
      ...(versionId === undefined ? {} : { versionId }),
      ...(size === undefined ? {} : { size }),
    };
  }

  /**
   * What ssec printed tells which version was the current one then; that is no word of the user's to take that one
   * now, unless all are wanted.
   */
  #versionOf(fields: Fields, place: Place): string | undefined {
    const versionId = word(fields, ['VersionId', 'version_id'], place);
    const isByTheWay =
      fields['type'] !== undefined || flag(fields, ['IsLatest', 'is_latest'], place) === true;
    return isByTheWay && !this.#rules.allVersions ? undefined : versionId;
  }
}

function parsed(text: string, place: Place): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // JSON.parse would show what stands there
    throw badLine(place, 'it is no JSON, and the file begins with JSON', [
      'each line is one object: jq -c makes it so',
    ]);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw badLine(place, 'it is no JSON object', ['each line is an object with Bucket and Key']);
}

function standsForObject(fields: Fields, place: Place): boolean {
  const { type } = fields;
  if (type === undefined || OF_OBJECTS.has(type)) return true;
  if (BY_THE_WAY.has(type)) return false;
  // a failure of one object, to be tried again; else of the run
  if (type === 'error') return typeof fields['Key'] === 'string';
  if (type === 'ls-prefix') {
    throw badLine(place, 'it stands for a prefix, not for an object', [
      'list what is below it too: ssec ls -r --json',
    ]);
  }
  throw badLine(place, `it is a record of a kind that names no object to take`, [
    'a manifest may be what these print: ssec ls -r --json, ssec rekey --json',
  ]);
}

/** The first of the fields that is there; null is as good as none. */
function field(fields: Fields, names: readonly string[]): unknown {
  for (const name of names) if (Object.hasOwn(fields, name) && fields[name] !== null) return fields[name];
  return undefined;
}

function word(fields: Fields, names: readonly string[], place: Place): string | undefined {
  const value = field(fields, names);
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw badLine(place, `its ${names[0]} is no string`);
  if (/\p{Surrogate}/u.test(value)) throw badLine(place, `its ${names[0]} is not valid Unicode`);
  return value;
}

function flag(fields: Fields, names: readonly string[], place: Place): boolean | undefined {
  const value = field(fields, names);
  if (value === undefined || typeof value === 'boolean') return value;
  throw badLine(place, `its ${names[0]} is neither true nor false`);
}

function sizeOf(fields: Fields, place: Place): number | undefined {
  const value = field(fields, ['Size', 'size']);
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw badLine(place, 'its Size is no number of bytes');
}
