import { type Row, OTHER_KEY } from './world.ts';

const there = { prepare: (world) => world.putEncrypted('there') } satisfies Partial<Row>;
const literally = (word: string): readonly string[] => [
  'name each object',
  `if one object has that very name: ssec rm --literal ${word}`,
];
const tooMuch = 'what is long, or more, goes into the metadata: --metadata name=value';
const ids = 'give it as S3 shows it; null is the version from before versioning';

function tagged(when: string, message: string, ...tags: string[]): Row {
  return {
    when,
    code: 'USAGE',
    exit: 2,
    message,
    hints: [tooMuch],
    argv: ['put', 'data', ...tags.flatMap((tag) => ['--tag', tag])],
    requests: 0,
  };
}

/** Of `stat` and `rm`, of versions and of tags. */
export const OBJECTS: readonly Row[] = [
  {
    when: 'stat without an object',
    code: 'USAGE',
    exit: 2,
    message: 'No object was named.',
    hints: ['ssec stat OBJECT', 'or set KEY in .env'],
    argv: ['stat'],
    requests: 0,
  },
  {
    when: 'stat with another key',
    code: 'KEY_MISMATCH',
    exit: 6,
    message: 's3://my-bucket/there is encrypted with another key than the one given.',
    hints: [
      'the MD5 of the key given is arxBvwY2V4SiOne6yppVPQ==',
      'give the key that it was put with: --key-file FILE, or SSE_CUSTOMER_KEY_BASE64',
    ],
    argv: ['stat', 'there'],
    env: { SSE_CUSTOMER_KEY_BASE64: OTHER_KEY },
    ...there,
  },
  {
    when: 'stat of what is not there',
    code: 'OBJECT_NOT_FOUND',
    exit: 5,
    message: 'There is no object s3://my-bucket/nope.',
    argv: ['stat', 'nope'],
  },
  {
    when: 'rm without a terminal',
    code: 'USAGE',
    exit: 2,
    message: 'Nothing was deleted: there is no terminal to ask on.',
    hints: ['to delete without a question: --yes'],
    argv: ['rm', 'there'],
    humanOnly: true,
    requests: 0,
    ...there,
  },
  {
    when: 'rm of what is not there',
    code: 'OBJECT_NOT_FOUND',
    exit: 5,
    message: 'There is no object s3://my-bucket/nope.',
    argv: ['rm', '--yes', 'nope'],
  },
  {
    when: 'rm of a pattern',
    code: 'USAGE',
    exit: 2,
    message: '"photos/*.jpg" has a wildcard in it, and rm deletes what is named and nothing else.',
    hints: literally("'photos/*.jpg'"),
    argv: ['rm', '--yes', 'photos/*.jpg'],
    requests: 0,
  },
  {
    when: 'rm of a prefix',
    code: 'USAGE',
    exit: 2,
    message: '"photos/" is a prefix, and rm deletes no more than single objects.',
    hints: literally('photos/'),
    argv: ['rm', '--yes', 'photos/'],
    requests: 0,
  },
  {
    when: 'rm of one version of two objects',
    code: 'USAGE',
    exit: 2,
    message: '--version-id is for one object, and these are several.',
    argv: ['rm', '--yes', 'a', 'b', '--version-id', 'v'],
    requests: 0,
  },
  {
    when: 'an empty version id',
    code: 'USAGE',
    exit: 2,
    message: 'The version id is empty.',
    hints: [ids],
    argv: ['get', 'there', '--version-id='],
    requests: 0,
  },
  {
    when: 'a version of many objects',
    code: 'USAGE',
    exit: 2,
    message: '--version-id is for one object, and -r for many.',
    hints: ['ssec get -r prefix/ -o DIR'],
    argv: ['get', '-r', 'there/', '-o', 'd', '--version-id', 'v'],
    requests: 0,
  },
  tagged(
    'eleven tags',
    'An object can have 10 tags, and these are 11.',
    ...Array.from({ length: 11 }, (_, i) => `t${i}=x`),
  ),
  tagged(
    'a tag with a long name',
    `The name of the tag "${'n'.repeat(40)}..." is longer than 128 characters.`,
    `${'n'.repeat(129)}=x`,
  ),
  tagged(
    'a tag with a long value',
    'The value of the tag "n" is longer than 256 characters.',
    `n=${'v'.repeat(257)}`,
  ),
  tagged("a tag of AWS's own", 'The tag "aws:x" begins with "aws:", which S3 keeps to itself.', 'aws:x=1'),
  {
    when: 'a tag for the name of a key that has none',
    code: 'KEY_NOT_FOUND',
    exit: 6,
    message: 'The key has no name that --tag-key could write: it is not of the ring.',
    hints: [
      'put it into the ring: ssec keys add NAME --key-file FILE; then --key-name NAME',
      'or leave --tag-key and SSEC_TAG_KEY away',
    ],
    argv: ['put', 'data', '--tag-key'],
    requests: 0,
  },
  {
    when: 'SSEC_TAG_KEY=maybe',
    code: 'SETTING_INVALID',
    exit: 2,
    message: 'SSEC_TAG_KEY in the environment is "maybe"; it can be 1 or 0.',
    argv: ['put', 'data'],
    env: { SSEC_TAG_KEY: 'maybe' },
    requests: 0,
  },
];
