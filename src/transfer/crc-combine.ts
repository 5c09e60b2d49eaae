/** A CRC as S3 has them: reflected, all ones before and after. */
interface CrcDefinition {
  /** Bits. */
  readonly width: number;
  /** Reflected, without its highest term. */
  readonly polynomial: bigint;
}

export type CrcAlgorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME';

const DEFINITIONS: Readonly<Record<CrcAlgorithm, CrcDefinition>> = {
  CRC32: { width: 32, polynomial: 0xedb88320n },
  CRC32C: { width: 32, polynomial: 0x82f63b78n },
  CRC64NVME: { width: 64, polynomial: 0x9a6c9329ac4bc9b5n },
};

export function isCrc(algorithm: string): algorithm is CrcAlgorithm {
  return Object.hasOwn(DEFINITIONS, algorithm);
}

/** The CRC of pieces that lie behind each other, out of theirs: bytes that came in any order are verified as one. */
export class CrcCombiner {
  readonly #definition: CrcDefinition;
  /** x to the power of 8 * bytes; a transfer has two or three sizes. */
  readonly #shifts = new Map<number, bigint>();
  #value = 0n;

  constructor(algorithm: CrcAlgorithm) {
    this.#definition = DEFINITIONS[algorithm];
  }

  /**
   * @param crc of the next piece, base64 as S3's headers carry it
   * @param bytes length of that piece
   */
  append(crc: string, bytes: number): void {
    const next = Buffer.from(crc, 'base64').toString('hex');
    this.#value = this.#multiply(this.#shift(bytes), this.#value) ^ BigInt(`0x${next}`);
  }

  /** Base64. */
  digest(): string {
    const digits = this.#definition.width / 4;
    return Buffer.from(this.#value.toString(16).padStart(digits, '0'), 'hex').toString('base64');
  }

  #shift(bytes: number): bigint {
    let shift = this.#shifts.get(bytes);
    if (shift === undefined) {
      // square and multiply; x^0 is the highest bit of a reflected polynomial
      shift = this.#power(0);
      let square = this.#power(8);
      for (let left = BigInt(bytes); left > 0n; left >>= 1n) {
        if ((left & 1n) === 1n) shift = this.#multiply(square, shift);
        square = this.#multiply(square, square);
      }
      this.#shifts.set(bytes, shift);
    }
    return shift;
  }

  /** x to the power of a number below the width. */
  #power(exponent: number): bigint {
    return 1n << BigInt(this.#definition.width - 1 - exponent);
  }

  /** Product of two polynomials modulo the CRC's. */
  #multiply(a: bigint, b: bigint): bigint {
    const { polynomial } = this.#definition;
    let product = 0n;
    let factor = b;
    for (let bit = this.#power(0); bit > 0n; bit >>= 1n) {
      if ((a & bit) !== 0n) product ^= factor;
      factor = (factor & 1n) === 1n ? (factor >> 1n) ^ polynomial : factor >> 1n;
    }
    return product;
  }
}
