/** Where other tools look for a customer key: Terraform's S3 backend, rclone, MinIO's client. */
const FOREIGN_KEY_VARIABLES = [
  'AWS_SSE_CUSTOMER_KEY',
  'RCLONE_S3_SSE_CUSTOMER_KEY_BASE64',
  'RCLONE_S3_SSE_CUSTOMER_KEY',
  'MC_ENC_C',
  'MC_ENCRYPT_KEY',
];

/** What to say to whoever has set another tool's variable and no key of ours; the values stay unread. */
export function foreignKeyHints(environment: Readonly<Record<string, string | undefined>>): string[] {
  return FOREIGN_KEY_VARIABLES.filter((name) => (environment[name] ?? '') !== '').map(
    (name) => `${name} is set, and is another tool's: ssec reads SSE_CUSTOMER_KEY_BASE64`,
  );
}
