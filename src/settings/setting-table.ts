/** The settings that stand or fall together: the first layer that names one of a group's keys wins it whole. */
type SettingGroup = 'target' | 'key' | 'identity' | 'endpoint' | 'region';

/**
 * What a `.env` that was only *found* in the current folder may do with a setting. Whoever can write a file into
 * a folder must not be able to send a key elsewhere or to run a command.
 * - `read`: it is used
 * - `refuse`: it chooses a key, so its mere presence is an error
 * - `ignore`: it is skipped, and a line says so
 * - `skip`: it is not looked at
 */
type FoundRule = 'read' | 'refuse' | 'ignore' | 'skip';

export interface SettingDefinition {
  readonly group: SettingGroup;
  /** As commander wants it, with its placeholder. */
  readonly flag?: string;
  /** Names in the environment and in env files, first one first. */
  readonly variables: readonly string[];
  readonly found: FoundRule;
  /** Name in the AWS profile. */
  readonly profile?: string;
  readonly default?: string;
  readonly help: string;
}

/** Every setting there is, in the order in which help shows them. */
export const SETTINGS = {
  bucket: {
    group: 'target',
    flag: '-b, --bucket <name>',
    variables: ['BUCKET_NAME'],
    found: 'read',
    help: 'bucket',
  },
  objectKey: {
    group: 'target',
    variables: ['KEY'],
    found: 'read',
    help: 'file and object key of a put or get without arguments',
  },
  keyFile: {
    group: 'key',
    flag: '--key-file <file>',
    variables: ['SSEC_KEY_FILE'],
    found: 'refuse',
    help: 'customer key: 32 raw bytes, base64 or 64 hex digits; - = stdin',
  },
  keyCommand: {
    group: 'key',
    flag: '--key-command <command>',
    variables: ['SSEC_KEY_COMMAND'],
    found: 'refuse',
    help: 'shell command that prints the customer key',
  },
  keyName: {
    group: 'key',
    flag: '--key-name <name>',
    variables: ['SSEC_KEY_NAME'],
    found: 'refuse',
    help: 'customer key of that name in the key ring',
  },
  keyBase64: {
    group: 'key',
    variables: ['SSE_CUSTOMER_KEY_BASE64'],
    found: 'read',
    help: 'customer key, base64 of 32 bytes',
  },
  keyMd5: {
    group: 'key',
    variables: ['SSE_CUSTOMER_KEY_MD5'],
    found: 'read',
    help: 'base64 of the MD5 of the 32 bytes; only compared',
  },
  keyring: {
    group: 'key',
    variables: ['SSEC_KEYRING'],
    found: 'refuse',
    help: 'folder of the key ring',
  },
  tagKey: {
    group: 'key',
    variables: ['SSEC_TAG_KEY'],
    found: 'skip',
    help: '1 = --tag-key wherever it can stand',
  },
  profile: {
    group: 'identity',
    flag: '-p, --profile <name>',
    variables: ['PROFILE'],
    found: 'read',
    help: 'AWS profile',
  },
  accessKeyId: {
    group: 'identity',
    variables: ['AWS_ACCESS_KEY_ID'],
    found: 'read',
    help: 'access key id',
  },
  secretAccessKey: {
    group: 'identity',
    variables: ['AWS_SECRET_ACCESS_KEY'],
    found: 'read',
    help: 'secret access key',
  },
  sessionToken: {
    group: 'identity',
    variables: ['AWS_SESSION_TOKEN'],
    found: 'read',
    help: 'session token of temporary credentials',
  },
  awsProfile: {
    group: 'identity',
    variables: ['AWS_PROFILE'],
    found: 'skip',
    help: 'AWS profile, where neither PROFILE nor AWS_ACCESS_KEY_ID is set',
  },
  endpoint: {
    group: 'endpoint',
    flag: '--endpoint-url <url>',
    variables: ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'],
    found: 'read',
    profile: 'endpoint_url',
    help: 'https URL of an S3-compatible server',
  },
  caBundle: {
    group: 'endpoint',
    variables: ['AWS_CA_BUNDLE'],
    found: 'ignore',
    profile: 'ca_bundle',
    help: 'PEM file of the CAs to trust instead of the built-in ones',
  },
  addressing: {
    group: 'endpoint',
    variables: ['SSEC_ADDRESSING'],
    found: 'skip',
    profile: 'addressing_style',
    help: 'path or virtual: where the bucket stands in the URL',
  },
  region: {
    group: 'region',
    flag: '--region <name>',
    variables: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
    found: 'read',
    profile: 'region',
    default: 'us-east-1',
    help: 'region of the bucket',
  },
} as const satisfies Record<string, SettingDefinition>;

export type SettingName = keyof typeof SETTINGS;

/** The variables that hold a customer key: no child process inherits them. */
export const KEY_VARIABLES: readonly string[] = [
  ...SETTINGS.keyBase64.variables,
  ...SETTINGS.keyMd5.variables,
];
