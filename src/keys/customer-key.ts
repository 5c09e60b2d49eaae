import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';
import { SsecError } from '../errors.ts';

/** Length of an SSE-C customer key: AES-256, 256 bits. */
export const CUSTOMER_KEY_BYTES = 32;

/** The only algorithm of SSE-C (AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html). */
export const SSE_CUSTOMER_ALGORITHM = 'AES256';

/** The three request members of SSE-C, in the names of the S3 API. */
export interface CustomerKeyRequestFields {
  readonly SSECustomerAlgorithm: string;
  /** Canonical base64, 44 characters: other text the SDK would take for raw characters of a key. */
  readonly SSECustomerKey: string;
  readonly SSECustomerKeyMD5: string;
}

/** The same for the source of a copy. */
export interface CopySourceKeyRequestFields {
  readonly CopySourceSSECustomerAlgorithm: string;
  readonly CopySourceSSECustomerKey: string;
  readonly CopySourceSSECustomerKeyMD5: string;
}

/**
 * An AES-256 key for SSE-C. The bytes stand in a private field: the key does not show in `console.log`,
 * `JSON.stringify`, template strings or `util.inspect`; whoever needs it says so by name.
 */
export class CustomerKey {
  readonly #bytes: Buffer;
  readonly #md5: string;

  /**
   * True for 32 printable characters used as a key as they are: far fewer than 256 bits of secret. Such a
   * key gets no fingerprint in output, since its MD5 could be searched.
   */
  readonly weak: boolean;

  private constructor(bytes: Uint8Array, weak: boolean) {
    this.#bytes = Buffer.from(bytes);
    this.#md5 = createHash('md5').update(this.#bytes).digest('base64');
    this.weak = weak;
  }

  /** A new key from the system's CSPRNG. */
  static generate(): CustomerKey {
    return new CustomerKey(randomBytes(CUSTOMER_KEY_BYTES), false);
  }

  /**
   * @param bytes exactly 32 bytes; they are copied
   * @throws SsecError KEY_MALFORMED for any other length
   */
  static fromBytes(bytes: Uint8Array, options: { weak?: boolean } = {}): CustomerKey {
    if (bytes.length !== CUSTOMER_KEY_BYTES) {
      throw new SsecError(
        'KEY_MALFORMED',
        `The customer key is ${bytes.length} bytes long; it must be exactly ${CUSTOMER_KEY_BYTES}.`,
        { hints: ['make a new key: ssec keygen'] },
      );
    }
    return new CustomerKey(bytes, options.weak ?? false);
  }

  /** The key as standard base64, 44 characters. The secret itself: for key files and `.env` only. */
  toBase64(): string {
    return this.#bytes.toString('base64');
  }

  /** A copy of the 32 bytes. The secret itself. */
  toBytes(): Buffer {
    return Buffer.from(this.#bytes);
  }

  /** Base64 of the MD5 of the 32 bytes, 24 characters, as S3 echoes it. */
  get md5(): string {
    return this.#md5;
  }

  /** What may be shown to tell keys apart: S3's own MD5, or undefined for a weak key. */
  get fingerprint(): string | undefined {
    return this.weak ? undefined : this.#md5;
  }

  equals(other: CustomerKey): boolean {
    return timingSafeEqual(this.#bytes, other.#bytes);
  }

  /** The members that Put, Get, Head and the multipart family take. */
  requestFields(): CustomerKeyRequestFields {
    return {
      SSECustomerAlgorithm: SSE_CUSTOMER_ALGORITHM,
      SSECustomerKey: this.toBase64(),
      SSECustomerKeyMD5: this.#md5,
    };
  }

  /** The members that a copy takes to open its source. */
  copySourceFields(): CopySourceKeyRequestFields {
    return {
      CopySourceSSECustomerAlgorithm: SSE_CUSTOMER_ALGORITHM,
      CopySourceSSECustomerKey: this.toBase64(),
      CopySourceSSECustomerKeyMD5: this.#md5,
    };
  }

  toString(): string {
    return '[CustomerKey]';
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
