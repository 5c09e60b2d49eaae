import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type BucketSettings, isBucketSettings } from './bucket-settings.ts';
import { DataFiles } from './data-files.ts';
import { readJson, writeJson } from './json-file.ts';
import type { NewObject, ObjectRecord, Tag } from './object-record.ts';
import { type DeleteMarker, isDeleteMarker, type ObjectVersion } from './object-version.ts';
import { ObjectVersions } from './object-versions.ts';
import type { Upload } from './upload-record.ts';
import { Uploads } from './uploads.ts';

/**
 * A bucket is a folder: `bucket.json`, `objects/` with one record a version of an object, `uploads/`, `data/` with the
 * bytes. A record names its data files and is replaced in one rename; what no record names is left over from a request
 * that never ended.
 */
export class Bucket {
  readonly name: string;
  readonly data: DataFiles;
  readonly uploads: Uploads;
  /** To be looked at; what changes them is here, and sees to their bytes too. */
  readonly versions: Omit<ObjectVersions, 'load' | 'put' | 'remove'>;
  readonly #folder: string;
  readonly #versions: ObjectVersions;
  #settings: BucketSettings;

  private constructor(name: string, folder: string, settings: BucketSettings) {
    this.name = name;
    this.#folder = folder;
    this.#settings = settings;
    this.#versions = new ObjectVersions(join(folder, 'objects'));
    this.versions = this.#versions;
    this.data = new DataFiles(join(folder, 'data'));
    this.uploads = new Uploads(join(folder, 'uploads'), this.data);
  }

  static create(name: string, folder: string, settings: BucketSettings): Bucket {
    mkdirSync(join(folder, 'objects'), { recursive: true, mode: 0o700 });
    writeJson(join(folder, 'bucket.json'), settings);
    return new Bucket(name, folder, settings);
  }

  /** undefined: its making or its deletion was broken off; what was there of it is cleared away. */
  static load(name: string, folder: string): Bucket | undefined {
    const settingsFile = join(folder, 'bucket.json');
    if (!existsSync(settingsFile)) {
      rmSync(folder, { recursive: true, force: true });
      return undefined;
    }
    const settings = readJson(settingsFile);
    if (!isBucketSettings(settings)) throw new Error(`${settingsFile} is damaged`);
    const bucket = new Bucket(name, folder, settings);
    bucket.#versions.load();
    const named = new Set<string>();
    for (const version of bucket.#versions.all()) {
      if (!isDeleteMarker(version)) for (const { data } of version.pieces) named.add(data);
    }
    bucket.uploads.load(named);
    bucket.data.removeAllBut(new Set([...named, ...bucket.uploads.dataNames()]));
    return bucket;
  }

  get settings(): BucketSettings {
    return this.#settings;
  }

  changeSettings(settings: BucketSettings): void {
    writeJson(join(this.#folder, 'bucket.json'), settings);
    this.#settings = settings;
  }

  /** The current version of a key, if there is one and it is no delete marker. */
  object(key: string): ObjectRecord | undefined {
    const version = this.#versions.current(key);
    return version === undefined || isDeleteMarker(version) ? undefined : version;
  }

  /**
   * Makes `object` the current version of its key: a new one where versioning is enabled, else the `null` version.
   * Synchronous on purpose: between a condition that the caller checked and the new object nothing else can happen.
   */
  put(object: NewObject): ObjectRecord {
    const record = { ...object, ...this.#newIdentity() };
    this.#removeBytes(this.#versions.put(record));
    return record;
  }

  /** Makes `object`, which is made of parts of `upload`, the current version of its key. */
  complete(upload: Upload, object: NewObject): ObjectRecord {
    const record = this.put(object);
    this.uploads.end(upload, record.pieces);
    return record;
  }

  /** The version stays what it is but for its tags. */
  setTags(record: ObjectRecord, tags: readonly Tag[]): void {
    const { tags: _, ...others } = record;
    this.#versions.put(tags.length === 0 ? others : { ...others, tags });
  }

  addDeleteMarker(key: string, lastModified: string): DeleteMarker {
    const marker: DeleteMarker = { key, lastModified, deleteMarker: true, ...this.#newIdentity() };
    this.#removeBytes(this.#versions.put(marker));
    return marker;
  }

  /** For good. Returns what was there. */
  remove(key: string, versionId: string): ObjectVersion | undefined {
    const version = this.#versions.find(key, versionId);
    if (version === undefined) return undefined;
    this.#versions.remove(version);
    this.#removeBytes(version);
    return version;
  }

  delete(): void {
    rmSync(join(this.#folder, 'bucket.json'), { force: true });
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #newIdentity() {
    return this.#versions.newIdentity(this.#settings.versioning === 'Enabled' ? 'version' : 'null');
  }

  #removeBytes(version: ObjectVersion | undefined): void {
    if (version !== undefined && !isDeleteMarker(version)) this.data.remove(version.pieces);
  }
}
