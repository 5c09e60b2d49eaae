/** Where other tools look for a customer key: Terraform's S3 backend, rclone, MinIO's client. */
const FOREIGN_KEY_VARIABLES = [
  'AWS_SSE_CUSTOMER_KEY',
  'RCLONE_S3_SSE_CUSTOMER_KEY_BASE64',
  'RCLONE_S3_SSE_CUSTOMER_KEY',
  'MC_ENC_C',
  'MC_ENCRYPT_KEY',
];

/** What to do where no customer key is set; a variable of another tool is named, and its value stays unread. */
export function missingKeyHints(environment: Readonly<Record<string, string | undefined>>): string[] {
  const foreign = FOREIGN_KEY_VARIABLES.filter((name) => (environment[name] ?? '') !== '');
  return [
    'make one: ssec keygen --env',
    'or name yours: --key-file FILE, SSE_CUSTOMER_KEY_BASE64',
    ...foreign.map((name) => `${name} is set, and is another tool's: ssec reads SSE_CUSTOMER_KEY_BASE64`),
  ];
}
