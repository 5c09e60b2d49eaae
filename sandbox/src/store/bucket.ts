import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type BucketSettings, isBucketSettings } from './bucket-settings.ts';
import { DataFiles } from './data-files.ts';
import { readJson, writeJson } from './json-file.ts';
import { compareKeys } from './key-order.ts';
import { isObjectRecord, type ObjectRecord } from './object-record.ts';
import type { Upload } from './upload-record.ts';
import { Uploads } from './uploads.ts';

/**
 * A bucket is a folder: `bucket.json`, `objects/` with one record a key (named by a hash, so that every legal key
 * works), `uploads/`, `data/` with the bytes. A record names its data files and is replaced in one rename; what no
 * record names is left over from a request that never ended.
 */
export class Bucket {
  readonly name: string;
  readonly data: DataFiles;
  readonly uploads: Uploads;
  readonly #folder: string;
  readonly #records = new Map<string, ObjectRecord>();
  #settings: BucketSettings;
  #sortedKeys: readonly string[] | undefined;

  private constructor(name: string, folder: string, settings: BucketSettings) {
    this.name = name;
    this.#folder = folder;
    this.#settings = settings;
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
    bucket.#loadRecords();
    const named = new Set(
      [...bucket.#records.values()].flatMap(({ pieces }) => pieces.map(({ data }) => data)),
    );
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

  object(key: string): ObjectRecord | undefined {
    return this.#records.get(key);
  }

  /** Every key, in S3's order. */
  keys(): readonly string[] {
    this.#sortedKeys ??= [...this.#records.keys()].sort(compareKeys);
    return this.#sortedKeys;
  }

  /**
   * Makes `record` the object of its key. Synchronous on purpose: between a condition that the caller checked and
   * the new object nothing else can happen.
   */
  put(record: ObjectRecord): void {
    const replaced = this.#records.get(record.key);
    writeJson(this.#recordPath(record.key), record);
    this.#records.set(record.key, record);
    if (replaced === undefined) this.#sortedKeys = undefined;
    else this.data.remove(replaced.pieces);
  }

  remove(key: string): void {
    const record = this.#records.get(key);
    if (record === undefined) return;
    rmSync(this.#recordPath(key), { force: true });
    this.#records.delete(key);
    this.#sortedKeys = undefined;
    this.data.remove(record.pieces);
  }

  /** Makes `record`, which is made of parts of `upload`, the object of its key. */
  complete(upload: Upload, record: ObjectRecord): void {
    this.put(record);
    this.uploads.end(upload, record.pieces);
  }

  delete(): void {
    rmSync(join(this.#folder, 'bucket.json'), { force: true });
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #recordPath(key: string): string {
    return join(this.#folder, 'objects', `${createHash('sha256').update(key).digest('hex')}.json`);
  }

  #loadRecords(): void {
    const objects = join(this.#folder, 'objects');
    for (const file of readdirSync(objects)) {
      const path = join(objects, file);
      if (file.endsWith('.json')) {
        const record = readJson(path);
        if (!isObjectRecord(record)) throw new Error(`${path} is damaged`);
        this.#records.set(record.key, record);
      } else rmSync(path, { force: true });
    }
  }
}
