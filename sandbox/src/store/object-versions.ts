import { createHash } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeJson } from './json-file.ts';
import { compareKeys } from './key-order.ts';
import type { VersionIdentity } from './object-record.ts';
import { isDeleteMarker, type ObjectVersion, readVersion } from './object-version.ts';
import { newVersionId, nullVersionId } from './version-id.ts';

/**
 * The versions of a bucket's objects: one record each, in a file that is named by a hash of the key, so that every
 * legal key works, and by the version. The `null` version has one name for good: to replace it is one rename.
 */
export class ObjectVersions {
  readonly #folder: string;
  /** Newest first; never an empty list. */
  readonly #versions = new Map<string, readonly ObjectVersion[]>();
  #lastSequence = 0;
  #sortedKeys: readonly string[] | undefined;
  #currentKeys: readonly string[] | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  load(): void {
    const found = new Map<string, ObjectVersion[]>();
    for (const file of readdirSync(this.#folder)) {
      const path = join(this.#folder, file);
      if (file.endsWith('.json')) {
        const version = readVersion(path);
        const others = found.get(version.key);
        if (others === undefined) found.set(version.key, [version]);
        else others.push(version);
      } else rmSync(path, { force: true });
    }
    for (const [key, versions] of found) {
      versions.sort((a, b) => b.sequence - a.sequence);
      this.#set(key, versions);
      this.#lastSequence = Math.max(this.#lastSequence, versions[0]?.sequence ?? 0);
    }
  }

  *all(): Generator<ObjectVersion> {
    for (const versions of this.#versions.values()) yield* versions;
  }

  /** The versions of a key, newest first. */
  of(key: string): readonly ObjectVersion[] {
    return this.#versions.get(key) ?? [];
  }

  current(key: string): ObjectVersion | undefined {
    return this.of(key)[0];
  }

  find(key: string, versionId: string): ObjectVersion | undefined {
    return this.of(key).find((version) => version.versionId === versionId);
  }

  /** Every key that has a version, in S3's order. */
  keys(): readonly string[] {
    this.#sortedKeys ??= [...this.#versions.keys()].sort(compareKeys);
    return this.#sortedKeys;
  }

  /** Those of them whose current version is an object. */
  currentKeys(): readonly string[] {
    this.#currentKeys ??= this.keys().filter((key) => isObject(this.current(key)));
    return this.#currentKeys;
  }

  newIdentity(kind: 'version' | 'null'): VersionIdentity {
    const sequence = this.#lastSequence + 1;
    return { versionId: kind === 'null' ? nullVersionId : newVersionId(sequence), sequence };
  }

  /** Returns what it replaced: a version with the same ID. */
  put(version: ObjectVersion): ObjectVersion | undefined {
    const replaced = this.find(version.key, version.versionId);
    writeJson(this.#path(version), version);
    if (replaced !== undefined) this.#take(replaced);
    this.#insert(version);
    return replaced;
  }

  remove(version: ObjectVersion): void {
    rmSync(this.#path(version), { force: true });
    this.#take(version);
  }

  #insert(version: ObjectVersion): void {
    const others = this.of(version.key);
    const older = others.findIndex(({ sequence }) => sequence < version.sequence);
    this.#set(version.key, others.toSpliced(older === -1 ? others.length : older, 0, version));
    this.#lastSequence = Math.max(this.#lastSequence, version.sequence);
  }

  #take(version: ObjectVersion): void {
    this.#set(
      version.key,
      this.of(version.key).filter((other) => other !== version),
    );
  }

  #set(key: string, versions: readonly ObjectVersion[]): void {
    const before = this.current(key);
    const [after] = versions;
    if (after === undefined) this.#versions.delete(key);
    else this.#versions.set(key, versions);
    if ((before === undefined) !== (after === undefined)) this.#sortedKeys = undefined;
    if (isObject(before) !== isObject(after)) this.#currentKeys = undefined;
  }

  #path({ key, versionId }: ObjectVersion): string {
    const name = createHash('sha256').update(key).digest('hex');
    return join(this.#folder, versionId === nullVersionId ? `${name}.json` : `${name}.${versionId}.json`);
  }
}

function isObject(version: ObjectVersion | undefined): boolean {
  return version !== undefined && !isDeleteMarker(version);
}
