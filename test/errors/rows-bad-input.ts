import { KEY, type Row } from './world.ts';

const put = ['put', 'data'];
const inEnvironment = 'The key in SSE_CUSTOMER_KEY_BASE64 in the environment';

function badKey(when: string, key: string, message: string, ...hints: string[]): Row {
  return {
    when,
    code: 'KEY_MALFORMED',
    exit: 6,
    message: `${inEnvironment} ${message}`,
    hints,
    argv: put,
    env: { SSE_CUSTOMER_KEY_BASE64: key },
    requests: 0,
  };
}

function badKeyFile(when: string, content: string | Uint8Array, message: string, ...hints: string[]): Row {
  return {
    when,
    code: 'KEY_MALFORMED',
    exit: 6,
    message: `The key file "my.key" ${message}`,
    hints,
    argv: [...put, '--key-file', 'my.key'],
    files: { 'my.key': content },
    requests: 0,
  };
}

const keys: readonly Row[] = [
  badKey(
    '62 hex digits',
    'ab'.repeat(31),
    'is 62 hex digits; a customer key of 32 bytes is 64.',
    'copy it again, whole',
  ),
  badKey(
    '66 hex digits',
    'ab'.repeat(33),
    'is 66 hex digits; a customer key of 32 bytes is 64.',
    'copy it again, whole',
  ),
  badKey(
    'quotes that docker hands on',
    `"${KEY}"`,
    'has quotes around it.',
    'take them off: docker and others hand them on as they are',
  ),
  badKey(
    'a line end in the middle',
    `${KEY.slice(0, 20)}\n${KEY.slice(20)}`,
    'has blanks or line ends inside.',
    'write it in one line, without blanks',
  ),
  badKeyFile(
    'a key file with quotes',
    `'${KEY}'\n`,
    'has quotes around it.',
    'take them off: docker and others hand them on as they are',
  ),
  badKeyFile(
    'an env file as key file',
    `export SSE_CUSTOMER_KEY_BASE64=${KEY}\n`,
    'is a line of an env file, not the key alone.',
    'name the file as an env file: --env FILE',
    'or leave in it only what stands behind the =',
  ),
  badKeyFile('two keys in a key file', `${KEY}\r\n${KEY}\r\n`, 'holds 2 keys; give one.'),
  badKeyFile(
    'a key file of PowerShell',
    Buffer.from(`\ufeff${KEY}\r\n`, 'utf16le'),
    'is UTF-16 text, as some Windows programs write it.',
    'save it as ASCII or UTF-8, or let ssec write the file: ssec keygen -o FILE',
  ),
  ...[31, 33].map((size) =>
    badKeyFile(
      `a raw key file of ${size} bytes`,
      Buffer.alloc(size, 0xa5),
      `holds ${size} raw bytes; a customer key has exactly 32.`,
      'copy it again, whole; a new key (ssec keygen) opens nothing that was put with another',
    ),
  ),
  badKeyFile(
    'a raw key file with a zero in it, too short',
    Buffer.concat([Buffer.alloc(30, 0xa5), Buffer.of(0)]),
    'holds 31 raw bytes; a customer key has exactly 32.',
    'copy it again, whole; a new key (ssec keygen) opens nothing that was put with another',
  ),
  badKeyFile(
    'a raw key file with a line end behind it',
    Buffer.concat([Buffer.alloc(32, 0xa5), Buffer.from('\n')]),
    'holds 33 raw bytes; a customer key has exactly 32.',
    'a line end was added to it: head -c 32 takes it off',
  ),
  badKey(
    'a word with a hyphen',
    'correct-horse-battery-staple',
    'is neither base64 nor 64 hex digits.',
    'copy it again, whole; a new key (ssec keygen) opens nothing that was put with another',
  ),
  {
    when: 'a device as key file',
    code: 'KEY_MALFORMED',
    exit: 6,
    message: 'The key file "/dev/null" is empty.',
    argv: [...put, '--key-file', '/dev/null'],
    requests: 0,
  },
  {
    when: "another tool's key variable",
    code: 'KEY_MISSING',
    exit: 6,
    message: 'No customer key was given; nothing was sent.',
    hints: [
      'make one: ssec keygen --env',
      'or one for every folder, in the key ring: ssec keys add NAME',
      'or name yours: --key-file FILE, SSE_CUSTOMER_KEY_BASE64',
      "AWS_SSE_CUSTOMER_KEY is set, and is another tool's: ssec reads SSE_CUSTOMER_KEY_BASE64",
    ],
    argv: put,
    env: { SSE_CUSTOMER_KEY_BASE64: undefined, AWS_SSE_CUSTOMER_KEY: KEY },
    requests: 0,
  },
  {
    when: "another tool's key variable, on a read",
    code: 'KEY_MISSING',
    exit: 6,
    message: 's3://my-bucket/there is encrypted with a customer key, and none was given.',
    hints: [
      'set SSE_CUSTOMER_KEY_BASE64 in .env to the key that it was put with, or pass --key-file FILE',
      'or put that key into the key ring, where get finds it: ssec keys add NAME --key-file FILE',
      "OPENDAL_S3_SERVER_SIDE_ENCRYPTION_CUSTOMER_KEY is set, and is another tool's: ssec reads SSE_CUSTOMER_KEY_BASE64",
    ],
    argv: ['get', 'there', '-o', 'copy'],
    env: { SSE_CUSTOMER_KEY_BASE64: undefined, OPENDAL_S3_SERVER_SIDE_ENCRYPTION_CUSTOMER_KEY: KEY },
    prepare: (world) => world.putEncrypted('there'),
  },
  {
    when: 'KEY that looks like key material, URL-safe',
    code: 'SETTING_INVALID',
    exit: 2,
    message: 'KEY in the environment looks like key material; here it is the object key.',
    hints: ['put the customer key into SSE_CUSTOMER_KEY_BASE64, and unset KEY'],
    argv: ['get'],
    env: { KEY: KEY.replaceAll('/', '_').replaceAll('+', '-') },
    requests: 0,
  },
];

function unknownCommand(word: string, ...hints: string[]): Row {
  return {
    when: `the command ${word}`,
    code: 'USAGE',
    exit: 2,
    message: `Unknown command '${word}'.`,
    hints: [...hints, 'ssec --help'],
    argv: [word, 'data'],
    requests: 0,
  };
}

const listings: readonly Row[] = [
  {
    when: 'two filters of ls',
    code: 'USAGE',
    exit: 2,
    message: '--unknown and --key-name exclude each other; give one.',
    argv: ['ls', '--unknown', '--key-name', '2025'],
    requests: 0,
  },
  {
    when: 'a key that the ring has not',
    code: 'KEY_NOT_FOUND',
    exit: 6,
    message: 'There is no key "2024" in the ring.',
    hints: ['keys here: 2025'],
    argv: ['ls', '--key-name', '2024'],
    env: { SSEC_KEYRING: 'ring' },
    files: { 'ring/2025.key': KEY },
    requests: 0,
  },
  {
    when: 'a key of an empty ring',
    code: 'KEY_NOT_FOUND',
    exit: 6,
    message: 'There is no key "2024" in the ring.',
    hints: ['the ring is empty: ssec keys add NAME'],
    argv: ['ls', '--key-name', '2024'],
    env: { SSEC_KEYRING: 'ring' },
    requests: 0,
  },
  {
    when: 'ls of a bucket that is not there',
    code: 'BUCKET_NOT_FOUND',
    exit: 5,
    message: 'There is no bucket "no-such-bucket" on {endpoint}.',
    hints: ['look at BUCKET_NAME, -b and the endpoint'],
    argv: ['ls', 's3://no-such-bucket/photos/'],
  },
  {
    when: 'ls without the right to list',
    code: 'ACCESS_DENIED',
    exit: 4,
    message: 'You may not do ListBucket on the bucket "my-bucket".',
    hints: ['ask for s3:ListBucket'],
    note: 'the server answered HTTP 403 AccessDenied: User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::my-bucket" because no identity-based policy allows the s3:ListBucket action (request {id})',
    argv: ['ls'],
    sandbox: { denyActions: ['s3:ListBucket'] },
  },
  {
    when: 'ls of versions without the right to list them',
    code: 'ACCESS_DENIED',
    exit: 4,
    message: 'You may not do ListObjectVersions on the bucket "my-bucket".',
    hints: ['ask for s3:ListBucketVersions'],
    note: 'the server answered HTTP 403 AccessDenied: User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform: s3:ListBucketVersions on resource: "arn:aws:s3:::my-bucket" because no identity-based policy allows the s3:ListBucketVersions action (request {id})',
    argv: ['ls', '--versions'],
    sandbox: { denyActions: ['s3:ListBucketVersions'] },
  },
];

const words: readonly Row[] = [
  unknownCommand('upload', 'ssec put FILE'),
  unknownCommand('download', 'ssec get NAME'),
  unknownCommand('cp', 'up: ssec put FILE s3://bucket/key', 'down: ssec get s3://bucket/key -o FILE'),
  unknownCommand('list', 'ssec ls PREFIX'),
  unknownCommand('head', 'ssec stat NAME'),
  unknownCommand('info', 'ssec stat NAME'),
  unknownCommand('del', 'ssec rm NAME'),
  unknownCommand(
    'mv',
    'up: ssec put FILE s3://bucket/key',
    'down: ssec get s3://bucket/key -o FILE',
    'when the copy is there: ssec rm s3://bucket/key',
  ),
  unknownCommand(
    'sync',
    'up: ssec put -r FOLDER --skip-existing',
    'down: ssec get -r PREFIX -o FOLDER --skip-existing',
    'what is gone on one side stays on the other: ssec deletes nothing by pattern, on purpose',
  ),
  unknownCommand(
    'mb',
    'ssec makes no buckets: aws s3 mb s3://BUCKET',
    'then let it take SSE-C: ssec bucket allow-sse-c BUCKET',
  ),
  unknownCommand('pit', 'Did you mean put?'),
  {
    when: 'an option for the key itself',
    code: 'USAGE',
    exit: 2,
    message: "Unknown option '--key'.",
    hints: ['no option takes the key itself: --key-file FILE, or SSE_CUSTOMER_KEY_BASE64', 'ssec put --help'],
    argv: [...put, '--key', 'secret'],
    requests: 0,
  },
  {
    when: '.. in DEST',
    code: 'USAGE',
    exit: 2,
    message: '"../up" has a ".." in it, and an object key is no path.',
    hints: [
      'write the key from the bucket on: prefix/name',
      'or in full, where you mean it: s3://my-bucket/../up',
    ],
    argv: [...put, '../up'],
    requests: 0,
  },
];

function usage(when: string, argv: readonly string[], message: string, ...hints: string[]): Row {
  return { when, code: 'USAGE', exit: 2, message, hints, argv, requests: 0 };
}

const helpWords: readonly Row[] = [
  usage(
    'help for what is nearly a command',
    ['help', 'pit'],
    "Unknown command 'pit'.",
    'Did you mean put?',
    'ssec --help',
  ),
  usage(
    'help for no subcommand',
    ['help', 'bucket', 'shov'],
    "Unknown command 'shov'.",
    'Did you mean show?',
    'ssec bucket --help',
  ),
  usage(
    'help behind a command, for no subcommand',
    ['bucket', 'help', 'nope'],
    "Unknown command 'nope'.",
    'ssec bucket --help',
  ),
  usage(
    'help for a subcommand of a command that has none',
    ['help', 'put', 'data'],
    'ssec put has no command "data".',
    'ssec put --help',
  ),
  usage(
    'an option that a subcommand does not know',
    ['bucket', 'show', '--wite'],
    "Unknown option '--wite'.",
    'ssec bucket show --help',
  ),
];

const buckets: readonly Row[] = [
  usage(
    'a folder where a bucket is wanted',
    ['bucket', 'show', 's3://my-bucket/2026/'],
    '"s3://my-bucket/2026/" is a place inside a bucket, and this works on a whole bucket.',
    'ssec bucket show my-bucket',
  ),
  {
    when: 'no bucket, where an address is no way to name one',
    code: 'SETTING_INVALID',
    exit: 2,
    message: 'No bucket was named.',
    hints: [
      'set it: echo BUCKET_NAME=my-bucket >> .env',
      'or pass -b BUCKET, or ssec bucket block-sse-c BUCKET',
    ],
    argv: ['bucket', 'block-sse-c'],
    env: { BUCKET_NAME: undefined },
    requests: 0,
  },
];

export const BAD_INPUT: readonly Row[] = [...keys, ...words, ...helpWords, ...buckets, ...listings];
