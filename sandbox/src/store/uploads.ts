import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DataFiles } from './data-files.ts';
import { readJson, writeJson } from './json-file.ts';
import { compareKeys } from './key-order.ts';
import type { ObjectPiece } from './object-record.ts';
import {
  isPartRecord,
  isUploadRecord,
  type PartRecord,
  type Upload,
  type UploadRecord,
} from './upload-record.ts';

interface OpenUpload extends Upload {
  readonly parts: Map<number, PartRecord>;
}

/**
 * The multipart uploads of a bucket that are neither completed nor aborted: a folder each, `upload.json` and one
 * record a part. The bytes lie among the bucket's data from the start, so that to complete an upload moves none.
 */
export class Uploads {
  readonly #folder: string;
  readonly #data: DataFiles;
  readonly #uploads = new Map<string, OpenUpload>();

  constructor(folder: string, data: DataFiles) {
    this.#folder = folder;
    this.#data = data;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** `taken` are the data files of objects: an upload that they came from was completed, if not cleared away. */
  load(taken: ReadonlySet<string>): void {
    for (const name of readdirSync(this.#folder)) {
      const folder = join(this.#folder, name);
      const upload = readUpload(folder);
      if (upload === undefined || [...upload.parts.values()].some((part) => taken.has(part.data))) {
        rmSync(folder, { recursive: true, force: true });
      } else this.#uploads.set(upload.record.uploadId, upload);
    }
  }

  dataNames(): string[] {
    return [...this.#uploads.values()].flatMap(({ parts }) => [...parts.values()].map(({ data }) => data));
  }

  /** By key, then from the oldest to the newest: an upload's ID begins with its time. */
  list(): readonly UploadRecord[] {
    return [...this.#uploads.values()]
      .map(({ record }) => record)
      .sort((a, b) => compareKeys(a.key, b.key) || (a.uploadId < b.uploadId ? -1 : 1));
  }

  find(uploadId: string): Upload | undefined {
    return this.#uploads.get(uploadId);
  }

  create(record: UploadRecord): void {
    const folder = this.#uploadFolder(record);
    mkdirSync(folder, { mode: 0o700 });
    writeJson(join(folder, 'upload.json'), record);
    this.#uploads.set(record.uploadId, { record, parts: new Map() });
  }

  /** Like `Bucket.put`, in one step for whoever has just looked. */
  putPart({ record }: Upload, part: PartRecord): void {
    const parts = this.#uploads.get(record.uploadId)?.parts;
    const replaced = parts?.get(part.number);
    writeJson(join(this.#uploadFolder(record), `${part.number}.json`), part);
    parts?.set(part.number, part);
    if (replaced !== undefined) this.#data.remove([replaced]);
  }

  /** Forgets the upload, and removes the bytes of all its parts but those in `kept`. */
  end({ record, parts }: Upload, kept: readonly ObjectPiece[] = []): void {
    const folder = this.#uploadFolder(record);
    rmSync(join(folder, 'upload.json'), { force: true });
    this.#uploads.delete(record.uploadId);
    const names = new Set(kept.map(({ data }) => data));
    this.#data.remove([...parts.values()].filter(({ data }) => !names.has(data)));
    rmSync(folder, { recursive: true, force: true });
  }

  #uploadFolder(record: UploadRecord): string {
    return join(this.#folder, record.uploadId);
  }
}

/** undefined: its making or its end was broken off. */
function readUpload(folder: string): OpenUpload | undefined {
  const file = join(folder, 'upload.json');
  if (!existsSync(file)) return undefined;
  const record = readJson(file);
  if (!isUploadRecord(record)) throw new Error(`${file} is damaged`);
  const parts = new Map<number, PartRecord>();
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (name === 'upload.json') continue;
    if (name.endsWith('.json')) {
      const part = readJson(path);
      if (!isPartRecord(part)) throw new Error(`${path} is damaged`);
      parts.set(part.number, part);
    } else rmSync(path, { force: true });
  }
  return { record, parts };
}
