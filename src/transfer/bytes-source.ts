import { createHash } from 'node:crypto';
import { crc32Base64, updateCrc32 } from './checksum.ts';
import { Source, type SourceDigest } from './source.ts';

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
    const crc32 = crc32Base64(updateCrc32(0, this.#bytes));
    if (!options.md5) return Promise.resolve({ crc32 });
    return Promise.resolve({ crc32, md5: md5Base64(this.#bytes) });
  }

  override open(): Buffer {
    return this.#bytes;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** OpenSSL takes less than 2 GiB at once. */
const HASH_BYTES = 1024 ** 3;

function md5Base64(bytes: Buffer): string {
  const md5 = createHash('md5');
  for (let at = 0; at < bytes.length; at += HASH_BYTES) md5.update(bytes.subarray(at, at + HASH_BYTES));
  return md5.digest('base64');
}
