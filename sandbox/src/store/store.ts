import { mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Bucket } from './bucket.ts';
import type { BucketSettings } from './bucket-settings.ts';
import { isLockFile, lockFolder } from './folder-lock.ts';
import { readJson, writeJson } from './json-file.ts';

/** 2: an object may lie in several files. 3: a key may have several versions; what 2 wrote is one of each. */
const format = 3;
const readableFormats: readonly unknown[] = [2, format];

/** The folder that everything is kept in: `sandbox.json`, `lock`, `buckets/`. */
export class Store {
  readonly dir: string;
  readonly #buckets = new Map<string, Bucket>();
  readonly #unlock: () => void;

  private constructor(dir: string, unlock: () => void) {
    this.dir = dir;
    this.#unlock = unlock;
  }

  static async open(path: string): Promise<Store> {
    const dir = resolve(path);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    requireOurs(dir);
    const unlock = await lockFolder(dir);
    try {
      writeJson(join(dir, 'sandbox.json'), { format });
      const store = new Store(dir, unlock);
      mkdirSync(store.#bucketFolder(''), { recursive: true, mode: 0o700 });
      for (const name of readdirSync(store.#bucketFolder(''))) {
        const bucket = Bucket.load(name, store.#bucketFolder(name));
        if (bucket !== undefined) store.#buckets.set(name, bucket);
      }
      return store;
    } catch (error) {
      unlock();
      throw error;
    }
  }

  bucket(name: string): Bucket | undefined {
    return this.#buckets.get(name);
  }

  buckets(): readonly Bucket[] {
    return [...this.#buckets.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  createBucket(name: string, settings: BucketSettings): void {
    this.#buckets.set(name, Bucket.create(name, this.#bucketFolder(name), settings));
  }

  deleteBucket(name: string): void {
    this.#buckets.get(name)?.delete();
    this.#buckets.delete(name);
  }

  close(): void {
    this.#unlock();
  }

  #bucketFolder(name: string): string {
    return join(this.dir, 'buckets', name);
  }
}

/** Starting clears away what no object refers to: never in a folder that is somebody else's. */
function requireOurs(dir: string): void {
  // One look: another sandbox may be about to fill it.
  const names = readdirSync(dir);
  if (names.includes('sandbox.json')) {
    const value = readJson(join(dir, 'sandbox.json'));
    if (
      typeof value === 'object' &&
      value !== null &&
      'format' in value &&
      readableFormats.includes(value.format)
    ) {
      return;
    }
    throw new Error(`${dir} was written by another version of the sandbox`);
  }
  if (names.some((name) => !isLockFile(name) && name !== 'sandbox.json.new')) {
    throw new Error(`${dir} is not empty and holds no sandbox; choose a new or an empty folder`);
  }
}
