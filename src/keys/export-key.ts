import type { CustomerKey } from './customer-key.ts';

/** Tools that take SSE-C keys, each in a form of its own. */
export const EXPORT_FORMS = ['env', 'aws', 'rclone', 'curl'] as const;
export type ExportForm = (typeof EXPORT_FORMS)[number];

const HEADER = 'x-amz-server-side-encryption-customer';

/**
 * A key as another tool wants it. The secret itself.
 * - `env`: the two lines of an env file
 * - `aws`: the 32 bytes, for `aws s3 cp --sse-c AES256 --sse-c-key fileb://FILE`
 * - `rclone`: variables of the environment, for `set -a; . FILE`
 * - `curl`: the three headers, for `curl -H @FILE`
 */
export function exportKey(key: CustomerKey, form: ExportForm): Buffer {
  const base64 = key.toBase64();
  switch (form) {
    case 'env':
      return lines(`SSE_CUSTOMER_KEY_BASE64=${base64}`, `SSE_CUSTOMER_KEY_MD5=${key.md5}`);
    case 'aws':
      return key.toBytes();
    case 'rclone':
      return lines(
        'RCLONE_S3_SSE_CUSTOMER_ALGORITHM=AES256',
        `RCLONE_S3_SSE_CUSTOMER_KEY_BASE64=${base64}`,
        `RCLONE_S3_SSE_CUSTOMER_KEY_MD5=${key.md5}`,
      );
    case 'curl':
      return lines(
        `${HEADER}-algorithm: AES256`,
        `${HEADER}-key: ${base64}`,
        `${HEADER}-key-md5: ${key.md5}`,
      );
  }
}

function lines(...text: readonly string[]): Buffer {
  return Buffer.from(text.map((line) => `${line}\n`).join(''));
}
