/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ServerSideEncryptionRule.html */
export interface BucketEncryption {
  readonly algorithm: string;
  readonly kmsMasterKeyId?: string;
  readonly bucketKeyEnabled: boolean;
}

/** A lifecycle rule that ends uploads which nobody completed. */
export interface UnfinishedUploadRule {
  readonly id: string;
  readonly enabled: boolean;
  readonly prefix: string;
  readonly days: number;
}

export interface BucketSettings {
  readonly region: string;
  /** ISO 8601 */
  readonly createdAt: string;
  readonly encryption: BucketEncryption;
  /** As read back: `SSE-C` blocks it, `NONE` was set by a request, absent was never said. */
  readonly blockedEncryption?: 'SSE-C' | 'NONE';
  /** Absent: never switched on, and then it cannot be told from a time without versions. */
  readonly versioning?: 'Enabled' | 'Suspended';
  /** The bucket policy's JSON, as it came. */
  readonly policy?: string;
  readonly lifecycle?: readonly UnfinishedUploadRule[];
}

export const defaultEncryption: BucketEncryption = { algorithm: 'AES256', bucketKeyEnabled: false };

export function isBucketSettings(value: unknown): value is BucketSettings {
  return (
    typeof value === 'object' &&
    value !== null &&
    'region' in value &&
    typeof value.region === 'string' &&
    'createdAt' in value &&
    typeof value.createdAt === 'string' &&
    'encryption' in value &&
    typeof value.encryption === 'object'
  );
}
