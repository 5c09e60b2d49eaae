import { type ChecksumAlgorithm, createChecksum } from './checksum.ts';
import type { Source } from './source.ts';

/** Bytes read at once. */
const READ_BYTES = 1024 ** 2;

/**
 * The checksum of a whole source, as S3's headers carry it. What is the same at the end is for the caller to ask.
 *
 * @throws SsecError FILE_CHANGED, FILE_UNREADABLE
 */
export async function sourceChecksum(
  source: Source,
  algorithm: ChecksumAlgorithm,
  signal: AbortSignal | undefined,
): Promise<string> {
  const running = await createChecksum(algorithm);
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, source.size));
  for (let position = 0; position < source.size; position += buffer.length) {
    signal?.throwIfAborted();
    const chunk = buffer.subarray(0, source.size - position);
    await source.read(position, chunk);
    running.update(chunk);
  }
  return running.digest();
}
