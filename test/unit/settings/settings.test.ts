import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../../src/errors.ts';
import type { EnvFile, SettingLayers } from '../../../src/settings/setting-layers.ts';
import { KEY_VARIABLES } from '../../../src/settings/setting-table.ts';
import { type Settings, resolveSettings } from '../../../src/settings/settings.ts';
import { allText, thrown } from '../support/thrown.ts';

const KEY = 'pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=';
const OTHER = '6b+WOZ1T3cqZMxgThRcXAQBrS5mXKdDUphvpxptl9/4=';

interface Given {
  readonly flags?: SettingLayers['flags'];
  readonly env?: SettingLayers['environment'];
  /** A `.env` in the current folder. */
  readonly found?: EnvFile['values'];
  /** `--env my.env` */
  readonly named?: EnvFile['values'];
  readonly profile?: Readonly<Record<string, string>>;
  /** Default: true, as put and get. */
  readonly usesKey?: boolean;
}

function layersOf(given: Given): SettingLayers {
  const envFile =
    given.named !== undefined
      ? { path: 'my.env', named: true, values: given.named }
      : given.found === undefined
        ? undefined
        : { path: '.env', named: false, values: given.found };
  return {
    flags: given.flags ?? {},
    environment: given.env ?? {},
    ...(envFile === undefined ? {} : { envFile }),
    ...(given.profile === undefined ? {} : { profile: { name: 'work', values: given.profile } }),
  };
}

const resolve = (given: Given): Settings =>
  resolveSettings(layersOf(given), { usesKey: given.usesKey ?? true });

type Row = readonly [rule: string, given: Given, read: (settings: Settings) => unknown, wanted: unknown];

const bucket = (s: Settings): unknown => s.bucket?.value;
const objectKey = (s: Settings): unknown => s.objectKey?.value;
const endpoint = (s: Settings): unknown => s.endpoint?.value;
const caBundle = (s: Settings): unknown => s.caBundle?.value;
const addressing = (s: Settings): unknown => s.addressing?.value;
const region = (s: Settings): unknown => s.region.value;
const keyText = (s: Settings): unknown =>
  s.key.kind === 'base64'
    ? s.key.text
    : s.key.kind === 'none' || s.key.kind === 'ring'
      ? undefined
      : s.key.value;
const keyKind = (s: Settings): unknown => s.key.kind;
const keyMd5 = (s: Settings): unknown => (s.key.kind === 'base64' ? s.key.md5?.value : undefined);
const who = (s: Settings): unknown =>
  s.identity.kind === 'profile'
    ? `profile ${s.identity.name}`
    : s.identity.kind === 'static'
      ? [s.identity.accessKeyId, s.identity.secretAccessKey, s.identity.sessionToken]
          .filter(Boolean)
          .join(' ')
      : 'chain';

const rows: readonly Row[] = [
  // layers: flag > environment > env file > profile > default
  [
    'bucket: flag first',
    { flags: { bucket: 'f' }, env: { BUCKET_NAME: 'e' }, named: { BUCKET_NAME: 'n' } },
    bucket,
    'f',
  ],
  [
    'bucket: environment before env file',
    { env: { BUCKET_NAME: 'e' }, found: { BUCKET_NAME: 'd' } },
    bucket,
    'e',
  ],
  ['bucket: found file', { found: { BUCKET_NAME: 'd' } }, bucket, 'd'],
  ['bucket: named file', { named: { BUCKET_NAME: 'n' } }, bucket, 'n'],
  ['bucket: nowhere', {}, bucket, undefined],
  [
    'object: environment before env file',
    { env: { KEY: 'e.jpg' }, found: { KEY: 'd.jpg' } },
    objectKey,
    'e.jpg',
  ],
  ['object: found file', { found: { KEY: 'd.jpg' } }, objectKey, 'd.jpg'],
  ['region: flag', { flags: { region: 'r-1' }, env: { AWS_REGION: 'r-2' } }, region, 'r-1'],
  [
    'region: AWS_REGION before AWS_DEFAULT_REGION',
    { env: { AWS_DEFAULT_REGION: 'r-3', AWS_REGION: 'r-2' } },
    region,
    'r-2',
  ],
  [
    'region: AWS_DEFAULT_REGION before env file',
    { env: { AWS_DEFAULT_REGION: 'r-3' }, found: { AWS_REGION: 'r-4' } },
    region,
    'r-3',
  ],
  [
    'region: env file before profile',
    { found: { AWS_DEFAULT_REGION: 'r-4' }, profile: { region: 'r-5' } },
    region,
    'r-4',
  ],
  ['region: profile', { profile: { region: 'r-5' } }, region, 'r-5'],
  ['region: default', {}, region, 'us-east-1'],
  [
    'endpoint: flag',
    { flags: { endpoint: 'https://f' }, env: { AWS_ENDPOINT_URL_S3: 'https://e' } },
    endpoint,
    'https://f',
  ],
  [
    'endpoint: S3 before the general one',
    { env: { AWS_ENDPOINT_URL: 'https://g', AWS_ENDPOINT_URL_S3: 'https://s' } },
    endpoint,
    'https://s',
  ],
  [
    'endpoint: the general one of a stronger layer before S3 of a weaker',
    { env: { AWS_ENDPOINT_URL: 'https://g' }, named: { AWS_ENDPOINT_URL_S3: 'https://s' } },
    endpoint,
    'https://g',
  ],
  [
    'endpoint: named file before profile',
    { named: { AWS_ENDPOINT_URL_S3: 'https://n' }, profile: { endpoint_url: 'https://p' } },
    endpoint,
    'https://n',
  ],
  ['endpoint: profile', { profile: { endpoint_url: 'https://p' } }, endpoint, 'https://p'],
  ['endpoint: none = AWS', {}, endpoint, undefined],
  [
    'CA: environment before profile',
    { env: { AWS_CA_BUNDLE: 'e.pem' }, profile: { ca_bundle: 'p.pem' } },
    caBundle,
    'e.pem',
  ],
  ['CA: profile', { profile: { ca_bundle: 'p.pem' } }, caBundle, 'p.pem'],
  ['CA: named file', { named: { AWS_CA_BUNDLE: 'n.pem' } }, caBundle, 'n.pem'],

  // set but empty ends the search for that setting
  ['empty bucket', { env: { BUCKET_NAME: '' }, found: { BUCKET_NAME: 'd' } }, bucket, undefined],
  ['empty object', { env: { KEY: '' }, found: { KEY: 'd' } }, objectKey, undefined],
  [
    'empty endpoint = AWS',
    {
      env: { AWS_ENDPOINT_URL_S3: '' },
      named: { AWS_ENDPOINT_URL_S3: 'https://n' },
      profile: { endpoint_url: 'https://p' },
    },
    endpoint,
    undefined,
  ],
  [
    'empty S3 endpoint ends the search before the general one',
    { env: { AWS_ENDPOINT_URL_S3: '', AWS_ENDPOINT_URL: 'https://g' } },
    endpoint,
    undefined,
  ],
  [
    'empty endpoint in the file, before the profile',
    { found: { AWS_ENDPOINT_URL: '' }, profile: { endpoint_url: 'https://p' } },
    endpoint,
    undefined,
  ],
  [
    'empty CA = built-in trust',
    { env: { AWS_CA_BUNDLE: '' }, profile: { ca_bundle: 'p.pem' } },
    caBundle,
    undefined,
  ],
  [
    'empty addressing',
    { env: { SSEC_ADDRESSING: '' }, profile: { addressing_style: 'path' } },
    addressing,
    undefined,
  ],
  ['empty region = default', { env: { AWS_REGION: '' }, profile: { region: 'r-5' } }, region, 'us-east-1'],
  [
    'empty key = no key and no ring',
    { env: { SSE_CUSTOMER_KEY_BASE64: '' }, found: { SSE_CUSTOMER_KEY_BASE64: KEY } },
    keyKind,
    'none',
  ],
  ['empty key in the file', { found: { SSE_CUSTOMER_KEY_BASE64: '' } }, keyKind, 'none'],
  [
    'empty key file variable',
    { env: { SSEC_KEY_FILE: '' }, found: { SSE_CUSTOMER_KEY_BASE64: KEY } },
    keyKind,
    'none',
  ],
  [
    'empty MD5 is not compared',
    { env: { SSE_CUSTOMER_KEY_BASE64: KEY, SSE_CUSTOMER_KEY_MD5: '' } },
    keyMd5,
    undefined,
  ],
  [
    'empty PROFILE goes on to the next step',
    { env: { PROFILE: '', AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'S' }, found: { PROFILE: 'd' } },
    who,
    'A S',
  ],
  ['empty PROFILE, nothing behind it', { env: { PROFILE: '' }, found: { PROFILE: 'd' } }, who, 'chain'],
  ['empty PROFILE in the file', { found: { PROFILE: '' }, env: { AWS_PROFILE: 'a' } }, who, 'profile a'],
  [
    'empty AWS_PROFILE goes on',
    { env: { AWS_PROFILE: '' }, found: { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'S' } },
    who,
    'A S',
  ],
  [
    'empty AWS_ACCESS_KEY_ID hides that of the file',
    { env: { AWS_ACCESS_KEY_ID: '' }, found: { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'S' } },
    who,
    'chain',
  ],

  // the key: by group, the first layer that names one wins whole
  ['key: nobody names one = ring', {}, keyKind, 'ring'],
  [
    'key: flag before environment',
    { flags: { keyFile: 'f' }, env: { SSE_CUSTOMER_KEY_BASE64: KEY } },
    keyText,
    'f',
  ],
  [
    'key: a command of the environment before a file of the env file',
    { env: { SSEC_KEY_COMMAND: 'c' }, named: { SSEC_KEY_FILE: 'n' } },
    keyText,
    'c',
  ],
  [
    'key: a name before base64 of a weaker layer',
    { env: { SSEC_KEY_NAME: 'n' }, found: { SSE_CUSTOMER_KEY_BASE64: KEY } },
    keyKind,
    'name',
  ],
  [
    'key: environment before file',
    { env: { SSE_CUSTOMER_KEY_BASE64: KEY }, found: { SSE_CUSTOMER_KEY_BASE64: OTHER } },
    keyText,
    KEY,
  ],
  ['key: file', { found: { SSE_CUSTOMER_KEY_BASE64: OTHER } }, keyText, OTHER],
  ['key: --key-command', { flags: { keyCommand: 'c' } }, keyKind, 'command'],
  ['key: --key-name', { flags: { keyName: 'n' } }, keyKind, 'name'],
  [
    'key: an empty variable beside a filled one is no second source',
    { env: { SSEC_KEY_FILE: '', SSE_CUSTOMER_KEY_BASE64: KEY } },
    keyText,
    KEY,
  ],
  ['key: a named file may choose it', { named: { SSEC_KEY_FILE: 'n' } }, keyText, 'n'],
  [
    'MD5: of the same layer',
    { env: { SSE_CUSTOMER_KEY_BASE64: KEY, SSE_CUSTOMER_KEY_MD5: 'm' } },
    keyMd5,
    'm',
  ],
  [
    'MD5: of a weaker layer belongs to another key',
    {
      env: { SSE_CUSTOMER_KEY_BASE64: KEY },
      found: { SSE_CUSTOMER_KEY_BASE64: OTHER, SSE_CUSTOMER_KEY_MD5: 'm' },
    },
    keyMd5,
    undefined,
  ],
  [
    'MD5: of a stronger layer belongs to another key',
    { env: { SSE_CUSTOMER_KEY_MD5: 'm' }, found: { SSE_CUSTOMER_KEY_BASE64: KEY } },
    keyMd5,
    undefined,
  ],
  ['MD5: alone names no key', { env: { SSE_CUSTOMER_KEY_MD5: 'm' } }, keyKind, 'ring'],
  ['ring folder: names no key', { env: { SSEC_KEYRING: 'r' } }, keyKind, 'ring'],

  // identity: -p > PROFILE > AWS_ACCESS_KEY_ID > AWS_PROFILE > keys of the env file > chain
  [
    'identity: -p',
    { flags: { profile: 'f' }, env: { PROFILE: 'e', AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'S' } },
    who,
    'profile f',
  ],
  [
    'identity: PROFILE of the environment',
    { env: { PROFILE: 'e', AWS_PROFILE: 'a' }, found: { PROFILE: 'd' } },
    who,
    'profile e',
  ],
  [
    'identity: PROFILE of the file before AWS_ACCESS_KEY_ID',
    { env: { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'S' }, found: { PROFILE: 'd' } },
    who,
    'profile d',
  ],
  [
    'identity: AWS_ACCESS_KEY_ID before AWS_PROFILE',
    { env: { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'S', AWS_SESSION_TOKEN: 'T', AWS_PROFILE: 'a' } },
    who,
    'A S T',
  ],
  [
    'identity: AWS_PROFILE before keys of the file',
    { env: { AWS_PROFILE: 'a' }, found: { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'S' } },
    who,
    'profile a',
  ],
  [
    'identity: keys of the found file',
    { found: { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'S' } },
    who,
    'A S',
  ],
  ['identity: AWS_PROFILE of a found file is not read', { found: { AWS_PROFILE: 'd' } }, who, 'chain'],
  [
    'identity: AWS_PROFILE of a named file, before its keys',
    { named: { AWS_PROFILE: 'n', AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'S' } },
    who,
    'profile n',
  ],
  ['identity: the chain', {}, who, 'chain'],
  [
    'identity: an empty token is none',
    { env: { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'S', AWS_SESSION_TOKEN: '' } },
    who,
    'A S',
  ],
  [
    'identity: the token of another layer is not mixed in',
    { env: { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'S' }, found: { AWS_SESSION_TOKEN: 'T' } },
    who,
    'A S',
  ],
  [
    'identity: the token of the environment is not mixed into the keys of the file',
    { env: { AWS_SESSION_TOKEN: 'T' }, found: { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'S' } },
    who,
    'A S',
  ],
  ['identity: a secret without an id is nobody', { env: { AWS_SECRET_ACCESS_KEY: 'S' } }, who, 'chain'],

  // found or named
  [
    'found endpoint with the key of the same file',
    { found: { AWS_ENDPOINT_URL_S3: 'https://d', SSE_CUSTOMER_KEY_BASE64: KEY } },
    endpoint,
    'https://d',
  ],
  [
    'found endpoint, keyless command, credentials of the same file',
    {
      usesKey: false,
      found: { AWS_ENDPOINT_URL_S3: 'https://d', AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'S' },
    },
    endpoint,
    'https://d',
  ],
  [
    'found endpoint, no key anywhere, credentials of the same file',
    { found: { AWS_ENDPOINT_URL_S3: 'https://d', AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'S' } },
    endpoint,
    'https://d',
  ],
  [
    'found endpoint, key set to nothing, credentials of the same file',
    {
      env: { SSE_CUSTOMER_KEY_BASE64: '' },
      found: { AWS_ENDPOINT_URL_S3: 'https://d', AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'S' },
    },
    endpoint,
    'https://d',
  ],
  [
    'a named file may pair its endpoint with any key',
    { env: { SSE_CUSTOMER_KEY_BASE64: KEY }, named: { AWS_ENDPOINT_URL_S3: 'https://n' } },
    endpoint,
    'https://n',
  ],
  [
    'a found endpoint that a flag beats is not looked at',
    {
      flags: { endpoint: 'https://f' },
      env: { SSE_CUSTOMER_KEY_BASE64: KEY },
      found: { AWS_ENDPOINT_URL_S3: 'https://d' },
    },
    endpoint,
    'https://f',
  ],
  [
    "the endpoint of a profile that a found file names is the user's",
    {
      env: { SSE_CUSTOMER_KEY_BASE64: KEY },
      found: { PROFILE: 'work' },
      profile: { endpoint_url: 'https://p' },
    },
    endpoint,
    'https://p',
  ],
  [
    'found AWS_CA_BUNDLE is not used',
    { found: { AWS_CA_BUNDLE: 'd.pem' }, profile: { ca_bundle: 'p.pem' } },
    caBundle,
    'p.pem',
  ],
  ['found SSEC_TAG_KEY is not read', { found: { SSEC_TAG_KEY: '1' } }, (s) => String(s.tagKey), 'false'],
  ['named SSEC_TAG_KEY is', { named: { SSEC_TAG_KEY: '1' } }, (s) => String(s.tagKey), 'true'],
  ['SSEC_TAG_KEY=0', { env: { SSEC_TAG_KEY: '0' } }, (s) => String(s.tagKey), 'false'],
  ['found SSEC_ADDRESSING is not read', { found: { SSEC_ADDRESSING: 'path' } }, addressing, undefined],
  ['named SSEC_ADDRESSING is', { named: { SSEC_ADDRESSING: 'path' } }, addressing, 'path'],

  // notices
  [
    'notice: found AWS_CA_BUNDLE',
    { found: { AWS_CA_BUNDLE: 'd.pem' } },
    (s) => s.notices,
    ['AWS_CA_BUNDLE in .env is ignored: that file was found, not named (--env .env)'],
  ],
  ['notice: none for a named file', { named: { AWS_CA_BUNDLE: 'n.pem' } }, (s) => s.notices, []],
  [
    'notice: none for what is not read',
    { found: { SSEC_ADDRESSING: 'path', AWS_PROFILE: 'x', SOMETHING: 'else' } },
    (s) => s.notices,
    [],
  ],

  // addressing
  [
    'addressing: environment',
    { env: { SSEC_ADDRESSING: 'virtual' }, profile: { addressing_style: 'path' } },
    addressing,
    'virtual',
  ],
  ['addressing: profile', { profile: { addressing_style: 'path' } }, addressing, 'path'],
  [
    "addressing: the profile's auto is no choice",
    { profile: { addressing_style: 'auto' } },
    addressing,
    undefined,
  ],

  // origins
  [
    'origin of a flag',
    { flags: { bucket: 'f' } },
    (s) => s.bucket?.origin,
    { layer: 'flag', name: '--bucket' },
  ],
  [
    'origin of a variable',
    { env: { AWS_DEFAULT_REGION: 'r' } },
    (s) => s.region.origin,
    { layer: 'environment', name: 'AWS_DEFAULT_REGION' },
  ],
  [
    'origin of an env file',
    { named: { BUCKET_NAME: 'n' } },
    (s) => s.bucket?.origin,
    { layer: 'env-file', name: 'BUCKET_NAME', source: 'my.env' },
  ],
  [
    'origin of a profile',
    { profile: { region: 'r' } },
    (s) => s.region.origin,
    { layer: 'profile', name: 'region', source: 'work' },
  ],
  ['origin of a default', {}, (s) => s.region.origin, { layer: 'default', name: 'region' }],
  [
    'origin of a key',
    { flags: { keyFile: 'f' } },
    (s) => (s.key.kind === 'file' ? s.key.origin : undefined),
    { layer: 'flag', name: '--key-file' },
  ],

  // KEY as the object's name
  ['KEY in a file may look like anything', { found: { KEY } }, objectKey, KEY],
  [
    'KEY in the environment that only resembles a key',
    { env: { KEY: `${KEY}.jpg` } },
    objectKey,
    `${KEY}.jpg`,
  ],
];

describe('what is used', () => {
  test.each(rows)('%s', (_rule, given, read, wanted) => {
    expect(read(resolve(given))).toEqual(wanted);
  });
});

type Refusal = readonly [rule: string, given: Given, code: ErrorCode, sentence: RegExp, hint?: RegExp];

const HEX = 'a4edeea4496bc2e1174a817009f9d93dd4ac9adff159e15ad0df4a8038a3c15b';

const refusals: readonly Refusal[] = [
  ['empty flag', { flags: { bucket: '' } }, 'SETTING_INVALID', /--bucket is empty/],
  ['empty --profile', { flags: { profile: '' } }, 'SETTING_INVALID', /--profile is empty/],
  ['empty --key-file', { flags: { keyFile: '' } }, 'SETTING_INVALID', /--key-file is empty/],
  ['empty --endpoint-url', { flags: { endpoint: '' } }, 'SETTING_INVALID', /--endpoint-url is empty/],
  ['empty --region', { flags: { region: '' } }, 'SETTING_INVALID', /--region is empty/],
  [
    'two key flags',
    { flags: { keyFile: 'f', keyCommand: 'c' } },
    'SETTING_INVALID',
    /--key-file and --key-command both/,
  ],
  [
    'two key variables',
    { env: { SSEC_KEY_FILE: 'f', SSE_CUSTOMER_KEY_BASE64: KEY } },
    'SETTING_INVALID',
    /SSEC_KEY_FILE and SSE_CUSTOMER_KEY_BASE64 both/,
  ],
  [
    'two keys in a named file',
    { named: { SSEC_KEY_NAME: 'n', SSE_CUSTOMER_KEY_BASE64: KEY } },
    'SETTING_INVALID',
    /SSEC_KEY_NAME and SSE_CUSTOMER_KEY_BASE64 both/,
  ],
  [
    'found SSEC_KEY_FILE',
    { found: { SSEC_KEY_FILE: 'f' } },
    'SETTING_INVALID',
    /SSEC_KEY_FILE stands in \.env, which was found and not named/,
    /--env \.env/,
  ],
  [
    'found SSEC_KEY_COMMAND',
    { found: { SSEC_KEY_COMMAND: 'rm -rf' } },
    'SETTING_INVALID',
    /SSEC_KEY_COMMAND stands in \.env/,
  ],
  [
    'found SSEC_KEY_NAME',
    { found: { SSEC_KEY_NAME: 'n' } },
    'SETTING_INVALID',
    /SSEC_KEY_NAME stands in \.env/,
  ],
  ['found SSEC_KEYRING', { found: { SSEC_KEYRING: 'r' } }, 'SETTING_INVALID', /SSEC_KEYRING stands in \.env/],
  [
    'found SSEC_KEY_FILE, even empty',
    { found: { SSEC_KEY_FILE: '' } },
    'SETTING_INVALID',
    /SSEC_KEY_FILE stands in/,
  ],
  [
    'found SSEC_KEY_FILE, though a flag names the key',
    { flags: { keyFile: 'f' }, found: { SSEC_KEY_FILE: 'g' } },
    'SETTING_INVALID',
    /SSEC_KEY_FILE stands in/,
  ],
  [
    'found endpoint, key of the environment',
    { env: { SSE_CUSTOMER_KEY_BASE64: KEY }, found: { AWS_ENDPOINT_URL_S3: 'https://d' } },
    'ENDPOINT_UNTRUSTED',
    /AWS_ENDPOINT_URL_S3 in \.env was found, not named, and your key does not come from that file: nothing was sent to https:\/\/d/,
    /--env \.env/,
  ],
  [
    'found endpoint, key of the environment though one stands in the file',
    {
      env: { SSE_CUSTOMER_KEY_BASE64: KEY },
      found: { AWS_ENDPOINT_URL: 'https://d', SSE_CUSTOMER_KEY_BASE64: OTHER },
    },
    'ENDPOINT_UNTRUSTED',
    /AWS_ENDPOINT_URL in \.env/,
  ],
  [
    'found endpoint, key file of a flag',
    { flags: { keyFile: 'f' }, found: { AWS_ENDPOINT_URL_S3: 'https://d' } },
    'ENDPOINT_UNTRUSTED',
    /your key/,
  ],
  [
    'found endpoint, key command',
    { env: { SSEC_KEY_COMMAND: 'c' }, found: { AWS_ENDPOINT_URL_S3: 'https://d' } },
    'ENDPOINT_UNTRUSTED',
    /your key/,
  ],
  [
    'found endpoint, keyless command, profile of the same file',
    { usesKey: false, found: { AWS_ENDPOINT_URL_S3: 'https://d', PROFILE: 'work' } },
    'ENDPOINT_UNTRUSTED',
    /your credentials do not come/,
  ],
  [
    'found endpoint, keyless command, credentials of the environment',
    {
      usesKey: false,
      env: { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'S' },
      found: { AWS_ENDPOINT_URL_S3: 'https://d', SSE_CUSTOMER_KEY_BASE64: KEY },
    },
    'ENDPOINT_UNTRUSTED',
    /your credentials/,
  ],
  [
    'found endpoint, keyless command, the chain',
    { usesKey: false, found: { AWS_ENDPOINT_URL_S3: 'https://d' } },
    'ENDPOINT_UNTRUSTED',
    /your credentials/,
  ],
  [
    'found endpoint, no key, credentials of elsewhere',
    { found: { AWS_ENDPOINT_URL_S3: 'https://d' } },
    'ENDPOINT_UNTRUSTED',
    /your credentials/,
  ],
  [
    'half a key pair in the environment',
    { env: { AWS_ACCESS_KEY_ID: 'A' } },
    'CREDENTIALS_MISSING',
    /AWS_ACCESS_KEY_ID in the environment is set, and AWS_SECRET_ACCESS_KEY is not/,
  ],
  [
    'half a key pair, the other half in the file',
    { env: { AWS_ACCESS_KEY_ID: 'A' }, found: { AWS_SECRET_ACCESS_KEY: 'S' } },
    'CREDENTIALS_MISSING',
    /set both in the same place|AWS_SECRET_ACCESS_KEY is not/,
  ],
  [
    'half a key pair in the file, the other half in the environment',
    { env: { AWS_SECRET_ACCESS_KEY: 'S' }, found: { AWS_ACCESS_KEY_ID: 'A' } },
    'CREDENTIALS_MISSING',
    /AWS_ACCESS_KEY_ID in \.env/,
  ],
  [
    'half a key pair in the file',
    { found: { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: '' } },
    'CREDENTIALS_MISSING',
    /AWS_ACCESS_KEY_ID in \.env/,
  ],
  [
    'KEY in the environment that is base64 of a key',
    { env: { KEY } },
    'SETTING_INVALID',
    /looks like key material/,
    /SSE_CUSTOMER_KEY_BASE64/,
  ],
  [
    'KEY in the environment that is 64 hex digits',
    { env: { KEY: HEX.toUpperCase() } },
    'SETTING_INVALID',
    /looks like key material/,
  ],
  [
    'addressing that is neither',
    { env: { SSEC_ADDRESSING: 'dns' } },
    'SETTING_INVALID',
    /SSEC_ADDRESSING in the environment is "dns"; it can be path or virtual/,
  ],
  [
    'auto is a word of the profile only',
    { env: { SSEC_ADDRESSING: 'auto' } },
    'SETTING_INVALID',
    /path or virtual/,
  ],
];

describe('what is refused', () => {
  test.each(refusals.map((row) => ({ rule: row[0], row })))('$rule', ({ row }) => {
    const [, given, code, sentence, hint] = row;
    const error = thrown(() => resolve(given));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(sentence);
    if (hint !== undefined) expect(error.hints.join('\n')).toMatch(hint);
    for (const secret of [KEY, OTHER, HEX, HEX.toUpperCase()]) expect(allText(error)).not.toContain(secret);
  });
});

test('the variables that no child inherits', () => {
  expect(KEY_VARIABLES).toEqual(['SSE_CUSTOMER_KEY_BASE64', 'SSE_CUSTOMER_KEY_MD5']);
});
