import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { type Cipher, openObject } from '../sse-c/object-cipher.ts';
import type { Bucket } from '../store/bucket.ts';
import type { ObjectRecord } from '../store/object-record.ts';
import type { ByteRange } from './byte-range.ts';

const readBytes = 256 * 1024;

/** The bytes of an object from `first` to `last`, decrypted; what replaces the object meanwhile does not matter. */
export function objectContent(
  bucket: Bucket,
  record: ObjectRecord,
  customerKey: Buffer | undefined,
  range: ByteRange,
): Readable {
  const letGo = bucket.data.hold(record.pieces);
  const stream = Readable.from(readPieces(bucket, record, customerKey, range), {
    objectMode: false,
    highWaterMark: readBytes,
  });
  // Also of a stream that nobody ever read from.
  stream.once('close', letGo);
  return stream;
}

async function* readPieces(
  bucket: Bucket,
  record: ObjectRecord,
  customerKey: Buffer | undefined,
  { first, last }: ByteRange,
): AsyncGenerator<Buffer> {
  let start = 0;
  for (const piece of record.pieces) {
    const from = Math.max(first - start, 0);
    const end = Math.min(last - start + 1, piece.size);
    start += piece.size;
    if (from >= end) continue;
    const decipher =
      piece.seal === undefined || customerKey === undefined
        ? undefined
        : openObject(piece.seal, customerKey, from);
    yield* readFile(bucket.data.path(piece), decipher, from, end);
  }
}

/** One file at a time is open: an object of 10,000 parts needs no more than another. */
async function* readFile(
  path: string,
  decipher: Cipher | undefined,
  from: number,
  end: number,
): AsyncGenerator<Buffer> {
  const file = await open(path, 'r');
  try {
    for (let at = from; at < end; ) {
      const { bytesRead, buffer } = await file.read(
        Buffer.allocUnsafe(Math.min(readBytes, end - at)),
        0,
        null,
        at,
      );
      if (bytesRead === 0) throw new Error(`${path} is too short`);
      at += bytesRead;
      const bytes = buffer.subarray(0, bytesRead);
      yield decipher === undefined ? bytes : decipher.update(bytes);
    }
  } finally {
    await file.close();
  }
}
