import { RunningDigest, Source, type SourceDigest } from './source.ts';

/** OpenSSL takes less than 2 GiB at once. */
const HASH_BYTES = 1024 ** 3;

/** A source that stands in memory. */
export class BytesSource extends Source {
  readonly size: number;
  readonly name: string;
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array, name = 'data') {
    super();
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.size = bytes.byteLength;
    this.name = name;
  }

  read(position: number, into: Uint8Array): Promise<void> {
    into.set(this.#bytes.subarray(position, position + into.length));
    return Promise.resolve();
  }

  checkUnchanged(): Promise<void> {
    return Promise.resolve();
  }

  override digest(options: { md5: boolean }): Promise<SourceDigest> {
    const sum = new RunningDigest(options.md5);
    for (let at = 0; at < this.#bytes.length; at += HASH_BYTES)
      sum.update(this.#bytes.subarray(at, at + HASH_BYTES));
    return Promise.resolve(sum.digest());
  }

  override open(): Buffer {
    return this.#bytes;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
