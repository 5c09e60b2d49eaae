import { createHash, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * The additional checksums that are verified here, cheapest first
 * (AmazonS3/latest/userguide/checking-object-integrity-upload.html).
 */
export const CHECKSUM_ALGORITHMS = ['CRC32', 'SHA1', 'SHA256', 'CRC32C', 'CRC64NVME'] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

/** A checksum of a whole object. */
export interface StoredChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64. */
  readonly value: string;
}

/** A checksum of the parts' checksums: base64 of the hash over their binary values, in order. */
export interface CompositeChecksum extends StoredChecksum {
  readonly parts: number;
}

/** A checksum that grows with the data. */
export interface RunningChecksum {
  update(chunk: Uint8Array): void;
  /** Base64 of the value, big-endian, as S3's headers carry it. */
  digest(): Promise<string>;
}

/** CRC32 of `chunk` behind data whose CRC32 is `value`; start with 0. */
export function updateCrc32(value: number, chunk: Uint8Array): number {
  return crc32(chunk, value);
}

/** A CRC32 as S3's headers carry it: base64 of 4 bytes, big-endian. */
export function crc32Base64(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes.toString('base64');
}

export async function createChecksum(algorithm: ChecksumAlgorithm): Promise<RunningChecksum> {
  return (await checksumFactory(algorithm))();
}

/** Loads what an algorithm needs, once for as many checksums as wanted. */
export async function checksumFactory(algorithm: ChecksumAlgorithm): Promise<() => RunningChecksum> {
  switch (algorithm) {
    case 'CRC32':
      return crc32Checksum;
    case 'SHA1':
      return () => hashChecksum(createHash('sha1'));
    case 'SHA256':
      return () => hashChecksum(createHash('sha256'));
    case 'CRC32C':
    case 'CRC64NVME': {
      const { Crc32c, Crc64Nvme } = await import('@aws-sdk/checksums/crc');
      return () => {
        const sum = algorithm === 'CRC32C' ? new Crc32c() : new Crc64Nvme();
        return {
          update: (chunk) => sum.update(chunk),
          digest: async () => Buffer.from(await sum.digest()).toString('base64'),
        };
      };
    }
  }
}

function crc32Checksum(): RunningChecksum {
  let value = 0;
  return {
    update: (chunk) => {
      value = updateCrc32(value, chunk);
    },
    digest: () => Promise.resolve(crc32Base64(value)),
  };
}

function hashChecksum(hash: Hash): RunningChecksum {
  return {
    update: (chunk) => {
      hash.update(chunk);
    },
    digest: () => Promise.resolve(hash.digest('base64')),
  };
}
