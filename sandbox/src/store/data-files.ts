import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ObjectPiece } from './object-record.ts';
import { ObjectWriter } from './object-writer.ts';

/** The files of a bucket that hold content. A file that is being read outlives the object that it was of. */
export class DataFiles {
  readonly #folder: string;
  readonly #readers = new Map<string, number>();
  readonly #doomed = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  startWriting(): Promise<ObjectWriter> {
    return ObjectWriter.create(this.#folder);
  }

  path(piece: ObjectPiece): string {
    return join(this.#folder, piece.data);
  }

  /** Keeps the files until the reader that asked for them lets them go. */
  hold(pieces: readonly ObjectPiece[]): () => void {
    for (const { data } of pieces) this.#readers.set(data, (this.#readers.get(data) ?? 0) + 1);
    return () => {
      for (const { data } of pieces) this.#letGo(data);
    };
  }

  /** What referred to them is gone already: what cannot be removed now goes at the next start. */
  remove(pieces: readonly ObjectPiece[]): void {
    for (const { data } of pieces) {
      if (this.#readers.has(data)) this.#doomed.add(data);
      else this.#removeFile(data);
    }
  }

  removeAllBut(names: ReadonlySet<string>): void {
    for (const file of readdirSync(this.#folder)) if (!names.has(file)) this.#removeFile(file);
  }

  #letGo(name: string): void {
    const others = (this.#readers.get(name) ?? 1) - 1;
    if (others > 0) {
      this.#readers.set(name, others);
      return;
    }
    this.#readers.delete(name);
    if (this.#doomed.delete(name)) this.#removeFile(name);
  }

  #removeFile(name: string): void {
    try {
      rmSync(join(this.#folder, name), { force: true });
    } catch {}
  }
}
