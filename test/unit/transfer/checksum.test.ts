import { describe, expect, test } from 'vitest';
import {
  CHECKSUM_ALGORITHMS,
  type ChecksumAlgorithm,
  crc32Base64,
  createChecksum,
  updateCrc32,
} from '../../../src/transfer/checksum.ts';

const hex = (text: string): string => Buffer.from(text, 'hex').toString('base64');

/** The check values of "123456789" in the catalogue of CRCs, and the digests of FIPS 180. */
const VECTORS: Readonly<Record<ChecksumAlgorithm, { empty: string; digits: string }>> = {
  CRC32: { empty: hex('00000000'), digits: hex('cbf43926') },
  CRC32C: { empty: hex('00000000'), digits: hex('e3069283') },
  CRC64NVME: { empty: hex('0000000000000000'), digits: hex('ae8b14860a799888') },
  SHA1: {
    empty: hex('da39a3ee5e6b4b0d3255bfef95601890afd80709'),
    digits: hex('f7c3bc1d808e04732adf679965ccc34ca7ae3441'),
  },
  SHA256: {
    empty: hex('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'),
    digits: hex('15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'),
  },
};

describe.each(CHECKSUM_ALGORITHMS)('%s', (algorithm) => {
  test('of nothing', async () => {
    expect(await (await createChecksum(algorithm)).digest()).toBe(VECTORS[algorithm].empty);
  });

  test('of the digits, whole and in pieces', async () => {
    const digits = Buffer.from('123456789');
    for (const cuts of [[], [4], [1, 2, 8], [0, 9]]) {
      const sum = await createChecksum(algorithm);
      const marks = [0, ...cuts, digits.length];
      marks.slice(1).forEach((mark, index) => sum.update(digits.subarray(marks[index], mark)));
      expect(await sum.digest()).toBe(VECTORS[algorithm].digits);
    }
  });
});

test('a CRC32 with its highest bit set is no negative number', () => {
  expect(crc32Base64(updateCrc32(0, Buffer.from('123456789')))).toBe('y/Q5Jg==');
  expect(crc32Base64(-1)).toBe('/////w==');
});
