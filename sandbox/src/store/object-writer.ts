import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

const batchBytes = 512 * 1024;

/** Writes the bytes of one object to a file that nothing refers to yet. */
export class ObjectWriter {
  /** The file's name in its folder. */
  readonly name: string;
  readonly #path: string;
  readonly #file: FileHandle;
  #batch: Buffer[] = [];
  #batched = 0;
  #size = 0;

  private constructor(folder: string, name: string, file: FileHandle) {
    this.name = name;
    this.#path = join(folder, name);
    this.#file = file;
  }

  static async create(folder: string): Promise<ObjectWriter> {
    const name = randomUUID();
    return new ObjectWriter(folder, name, await open(join(folder, name), 'wx', 0o600));
  }

  get size(): number {
    return this.#size;
  }

  /** TLS hands over 16 KiB at a time: many of those go to the disk together. */
  async write(piece: Buffer): Promise<void> {
    this.#batch.push(piece);
    this.#batched += piece.length;
    this.#size += piece.length;
    if (this.#batched >= batchBytes) await this.#flush();
  }

  async finish(): Promise<void> {
    await this.#flush();
    await this.#file.close();
  }

  async discard(): Promise<void> {
    await this.#file.close().catch(() => {});
    await rm(this.#path, { force: true });
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#batch);
    this.#batch = [];
    this.#batched = 0;
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, at);
      at += bytesWritten;
    }
  }
}
