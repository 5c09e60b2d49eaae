import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CHECKSUM_ALGORITHMS,
  type ChecksumAlgorithm,
  crc32Base64,
  createChecksum,
  updateCrc32,
} from '../../src/transfer/checksum.ts';
import { createComposite } from '../../src/transfer/composite-checksum.ts';
import { type CrcAlgorithm, CrcCombiner } from '../../src/transfer/crc-combine.ts';
import { UploadedParts } from '../../src/transfer/uploaded-parts.ts';

const pieces = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 });
const crcs = fc.constantFrom<CrcAlgorithm>('CRC32', 'CRC32C', 'CRC64NVME');

async function checksumOf(algorithm: ChecksumAlgorithm, ...chunks: readonly Uint8Array[]): Promise<string> {
  const sum = await createChecksum(algorithm);
  for (const chunk of chunks) sum.update(chunk);
  return sum.digest();
}

/** Cuts bytes at the given places, whatever they are. */
function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...ends].map((start, index) => bytes.subarray(start, ends[index] ?? bytes.length));
}

describe('the CRC of a whole', () => {
  test.each<[CrcAlgorithm, string]>([
    ['CRC32', 'cbf43926'],
    ['CRC32C', 'e3069283'],
    ['CRC64NVME', 'ae8b14860a799888'],
  ])('%s: the check value of the catalogue, out of pieces', async (algorithm, check) => {
    // https://reveng.sourceforge.io/crc-catalogue/all.htm
    const whole = new CrcCombiner(algorithm);
    for (const piece of ['1', '', '2345', '6789'])
      whole.append(await checksumOf(algorithm, Buffer.from(piece)), piece.length);
    expect(Buffer.from(whole.digest(), 'base64').toString('hex')).toBe(check);
  });

  test('is made of those of any pieces, empty ones too', async () => {
    await fc.assert(
      fc.asyncProperty(crcs, pieces, async (algorithm, parts) => {
        const whole = new CrcCombiner(algorithm);
        for (const part of parts) whole.append(await checksumOf(algorithm, part), part.length);
        expect(whole.digest()).toBe(await checksumOf(algorithm, Buffer.concat(parts)));
      }),
      { numRuns: 300 },
    );
  });

  test('pieces of many GiB: what zeros do to a CRC is the same in one step and in many', () => {
    fc.assert(
      fc.property(
        crcs,
        fc.array(fc.integer({ min: 0, max: 5 * 1024 ** 3 }), { minLength: 1, maxLength: 6 }),
        (algorithm, sizes) => {
          const zero = algorithm === 'CRC64NVME' ? 'AAAAAAAAAAA=' : 'AAAAAA==';
          const first = algorithm === 'CRC64NVME' ? 'AQIDBAUGBwg=' : 'AQIDBA==';
          const steps = new CrcCombiner(algorithm);
          const once = new CrcCombiner(algorithm);
          for (const sum of [steps, once]) sum.append(first, 1);
          for (const size of sizes) steps.append(zero, size);
          once.append(
            zero,
            sizes.reduce((sum, size) => sum + size, 0),
          );
          expect(steps.digest()).toBe(once.digest());
        },
      ),
    );
  });

  test('the parts of an upload, added in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { minLength: 1 }), fc.nat(), (parts, seed) => {
        const uploaded = new UploadedParts();
        const numbered = parts.map((bytes, index) => ({ bytes, number: index + 1 }));
        const shuffled = [...numbered].sort(
          (a, b) => ((a.number * 7919 + seed) % 101) - ((b.number * 7919 + seed) % 101),
        );
        const etagOf = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');
        for (const { bytes, number } of shuffled) {
          const crc32 = crc32Base64(updateCrc32(0, bytes));
          uploaded.add({ number, size: bytes.length, etag: `"${etagOf(bytes)}"`, crc32, proof: 'CRC32' });
        }
        expect(uploaded.crc32).toBe(crc32Base64(updateCrc32(0, Buffer.concat(parts))));
        expect(uploaded.size).toBe(Buffer.concat(parts).length);
        const etags = Buffer.from(parts.map(etagOf).join(''), 'hex');
        expect(uploaded.etag).toBe(`"${createHash('md5').update(etags).digest('hex')}-${parts.length}"`);
      }),
    );
  });
});

describe('the checksum of the checksums of parts', () => {
  test('is the same however the bytes come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...CHECKSUM_ALGORITHMS),
        fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        async (algorithm, parts, places) => {
          const composite = await createComposite(
            algorithm,
            parts.map((part) => part.length),
          );
          for (const chunk of cutAt(Buffer.concat(parts), places)) composite.update(chunk);
          const digests = await Promise.all(parts.map((part) => checksumOf(algorithm, part)));
          const expected = await checksumOf(
            algorithm,
            ...digests.map((digest) => Buffer.from(digest, 'base64')),
          );
          expect(await composite.digest()).toBe(expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('is another where a byte is, where one is missing, and where there is one too many', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 6 }),
        fc.nat(),
        fc.constantFrom('flip', 'drop', 'add'),
        async (parts, place, damage) => {
          const sizes = parts.map((part) => part.length);
          const bytes = Buffer.concat(parts);
          const of = async (content: Uint8Array) => {
            const sum = await createComposite('CRC32', sizes);
            for (const chunk of cutAt(content, [place, place + 1])) sum.update(chunk);
            return sum.digest();
          };
          const damaged = Buffer.from(bytes);
          if (damage === 'flip') damaged[place % bytes.length]! ^= 1;
          const other =
            damage === 'flip'
              ? damaged
              : damage === 'drop'
                ? bytes.subarray(0, -1)
                : Buffer.concat([bytes, Buffer.from([place & 255, 0])]);
          expect(await of(other)).not.toBe(await of(bytes));
        },
      ),
    );
  });
});
