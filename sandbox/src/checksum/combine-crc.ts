import type { ChecksumAlgorithm } from './checksum.ts';

/** A CRC as it is computed here: reflected, its bits inverted at both ends. */
interface Crc {
  readonly width: number;
  readonly polynomial: bigint;
}

const crcs: Partial<Record<ChecksumAlgorithm, Crc>> = {
  crc32: { width: 32, polynomial: 0xedb88320n },
  crc32c: { width: 32, polynomial: 0x82f63b78n },
  crc64nvme: { width: 64, polynomial: 0x9a6c9329ac4bc9b5n },
};

export interface CrcOfPart {
  readonly base64: string;
  readonly size: number;
}

/**
 * The CRC of a whole from those of its parts, without its bytes: the CRC of what comes before, carried over the
 * part's length (a product of polynomials), and the part's own.
 */
export function combineCrcs(algorithm: ChecksumAlgorithm, parts: readonly CrcOfPart[]): string {
  const crc = crcs[algorithm];
  if (crc === undefined) throw new Error(`${algorithm} cannot be combined`);
  // Most parts have the same length.
  const shifts = new Map<number, bigint>();
  let whole = 0n;
  for (const { base64, size } of parts) {
    const shift = shifts.get(size) ?? zeroBytes(crc, size);
    shifts.set(size, shift);
    whole = multiply(crc, whole, shift) ^ BigInt(`0x${Buffer.from(base64, 'base64').toString('hex')}`);
  }
  return Buffer.from(whole.toString(16).padStart(crc.width / 4, '0'), 'hex').toString('base64');
}

/** x to the power of 8 * size. */
function zeroBytes(crc: Crc, size: number): bigint {
  let power = 1n << BigInt(crc.width - 1);
  let square = 1n << BigInt(crc.width - 2);
  for (let bits = BigInt(size) * 8n; bits > 0n; bits >>= 1n) {
    if (bits & 1n) power = multiply(crc, power, square);
    square = multiply(crc, square, square);
  }
  return power;
}

/** Modulo the CRC's polynomial; the highest bit stands for x to the power of 0. */
function multiply(crc: Crc, a: bigint, b: bigint): bigint {
  let product = 0n;
  let shifted = b;
  for (let bit = 1n << BigInt(crc.width - 1); bit > 0n; bit >>= 1n) {
    if (a & bit) product ^= shifted;
    shifted = shifted & 1n ? (shifted >> 1n) ^ crc.polynomial : shifted >> 1n;
  }
  return product;
}
