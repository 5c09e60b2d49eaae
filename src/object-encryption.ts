import type { FoundKey } from './key-finder.ts';
import type { RingKey } from './keys/ring-files.ts';

/** How an object is encrypted, in the names of S3's documentation. */
export type EncryptionName = 'SSE-C' | 'SSE-S3' | 'SSE-KMS' | 'DSSE-KMS' | 'none';

export interface ObjectEncryption {
  /** Or what else the server names. */
  readonly encryption: EncryptionName | (string & {});
  /** The key that opens it; undefined for SSE-C: with none of those that were tried. */
  readonly ringKey: RingKey | undefined;
  readonly kmsKeyId: string | undefined;
}

const ALGORITHMS: Readonly<Record<string, EncryptionName>> = {
  AES256: 'SSE-S3',
  'aws:kms': 'SSE-KMS',
  'aws:kms:dsse': 'DSSE-KMS',
};

/**
 * What a `KeyFinder` found, as how the object is encrypted.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
 */
export function encryptionOf(found: FoundKey): ObjectEncryption {
  if (found.kind === 'unknown') return { encryption: 'SSE-C', ringKey: undefined, kmsKeyId: undefined };
  if (found.kind === 'key') return { encryption: 'SSE-C', ringKey: found.ringKey, kmsKeyId: undefined };
  const { ServerSideEncryption: algorithm, SSEKMSKeyId: kmsKeyId } = found.head;
  const encryption = algorithm === undefined ? 'none' : (ALGORITHMS[algorithm] ?? algorithm);
  return { encryption, ringKey: undefined, kmsKeyId };
}
