/** Where others look for a customer key: Terraform's S3 backend, object_store, OpenDAL, rclone, MinIO's client. */
const FOREIGN_KEY_VARIABLES = [
  'AWS_SSE_CUSTOMER_KEY',
  'AWS_SSE_CUSTOMER_KEY_BASE64',
  'OPENDAL_S3_SERVER_SIDE_ENCRYPTION_CUSTOMER_KEY',
  'RCLONE_S3_SSE_CUSTOMER_KEY_BASE64',
  'RCLONE_S3_SSE_CUSTOMER_KEY',
  'MC_ENC_C',
  'MC_ENCRYPT_KEY',
];

/** What to do where no customer key is set. */
export function missingKeyHints(environment: Readonly<Record<string, string | undefined>>): string[] {
  return [
    'make one: ssec keygen --env',
    'or one for every folder, in the key ring: ssec keys add NAME',
    'or name yours: --key-file FILE, SSE_CUSTOMER_KEY_BASE64',
    ...foreignKeyHints(environment),
  ];
}

/** Which variables of other tools name a key; their values stay unread. */
export function foreignKeyHints(environment: Readonly<Record<string, string | undefined>>): string[] {
  return FOREIGN_KEY_VARIABLES.filter((name) => (environment[name] ?? '') !== '').map(
    (name) => `${name} is set, and is another tool's: ssec reads SSE_CUSTOMER_KEY_BASE64`,
  );
}
