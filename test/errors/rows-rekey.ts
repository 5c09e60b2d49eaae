import { KEY, OTHER_KEY, type Row } from './world.ts';

const THIRD_KEY = '1O3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=';
/** What is said before a copy. */
const NOT_KEPT =
  'ssec: a copy does not keep ACLs, Object Lock terms, the time of last change (lifecycle rules count anew), checksums of parts; archived objects are not copied';
const MANY = 'ssec rekey -r PREFIX --to NAME';
const THROUGH = 'through this machine, down and up again and never on disk: add --through-client';

/** A row on a ring with the keys `a`, its default, and `b`, and the retired key `old`; no other key is set. */
function onRing(row: Row): Row {
  return {
    ...row,
    env: { SSE_CUSTOMER_KEY_BASE64: undefined, SSEC_KEYRING: 'ring', ...row.env },
    files: {
      'ring/a.key': `${KEY}\n`,
      'ring/b.key': `${THIRD_KEY}\n`,
      'ring/default': 'a\n',
      'ring/retired/old.key': `${OTHER_KEY}\n`,
      ...row.files,
    },
  };
}

/** A mistake in what was typed: nothing leaves the process. */
function typed(row: Omit<Row, 'code' | 'exit' | 'requests'> & Partial<Row>): Row {
  return onRing({ code: 'USAGE', exit: 2, requests: 0, ...row });
}

/** Mistakes with `ssec rekey`. */
export const REKEY: readonly Row[] = [
  typed({
    when: 'rekeying nothing',
    argv: ['rekey'],
    message: 'No object was named.',
    hints: ['ssec rekey OBJECT --to NAME', MANY],
  }),
  typed({
    when: 'rekeying many, and no prefix',
    argv: ['rekey', '-r', '--to', 'b'],
    message: 'No prefix was named.',
    hints: [MANY, 'or the whole bucket: ssec rekey -r s3://BUCKET/ --to NAME'],
  }),
  typed({
    when: 'no new key beside the one that is set',
    argv: ['rekey', 'there'],
    message: 'A key is set, and it is the old one; no new one was named.',
    hints: [
      'name the new one: --to NAME, or --to-key-file FILE',
      'or, if the key that is set is the new one, name the old one: --from NAME (none: no customer key)',
    ],
    env: { SSE_CUSTOMER_KEY_BASE64: KEY },
  }),
  typed({
    when: 'no new key, and a ring whose default is not there',
    argv: ['rekey', 'there'],
    message: 'No new key was named, and the ring has no default.',
    hints: ['name the new one: --to NAME, or --to-key-file FILE', 'make one: ssec keys add NAME'],
    files: { 'ring/default': 'gone\n' },
  }),
  typed({
    when: 'a new key that the ring has not',
    argv: ['rekey', 'there', '--to', 'c'],
    code: 'KEY_NOT_FOUND',
    exit: 6,
    message: 'There is no key "c" in the ring.',
    hints: ['keys here: a'],
    env: { SSEC_KEYRING: 'one' },
    files: { 'one/a.key': KEY },
  }),
  typed({
    when: 'a retired key as the new one',
    argv: ['rekey', 'there', '--to', 'old'],
    code: 'KEY_RETIRED',
    exit: 6,
    message: 'The key "old" is retired: it opens what it wrote, and writes nothing.',
    hints: ['see the others: ssec keys'],
  }),
  typed({
    when: 'the same key as the old one and the new one',
    argv: ['rekey', 'there', '--from', 'b', '--to', 'b'],
    message: 'The old key and the new one are the same.',
  }),
  typed({
    when: 'two new keys',
    argv: ['rekey', 'there', '--to', 'b', '--to-key-file', 'x'],
    message: '--to names the new key, and so does --to-key-file; give one.',
  }),
  typed({
    when: 'two ways to name the old key',
    argv: ['rekey', 'there', '--from', 'b', '--key-name', 'old', '--to', 'a'],
    message: '--from names the old key, and so does --key-name; give one.',
  }),
  typed({
    when: 'a weak key as the new one',
    argv: ['rekey', 'there', '--to-key-file', 'weak.key', '--key-format', 'text'],
    code: 'KEY_MALFORMED',
    exit: 6,
    message: 'A key of 32 printable characters is too weak to write with; nothing was sent.',
    hints: ['make a random key: ssec keygen --env', 'or write with it all the same: --allow-weak-key'],
    files: { 'weak.key': 'abcdefghijklmnopqrstuvwxyz012345' },
  }),
  onRing({
    when: 'a version rekeyed in place',
    argv: ['rekey', 'there', '--to', 'b', '--version-id', 'x'],
    code: 'USAGE',
    exit: 2,
    message:
      'Version x of s3://my-bucket/there is not the current one, and cannot be rekeyed in place: its copy would become the current object.',
    hints: ['copy it elsewhere: ssec rekey OBJECT DEST --version-id ID'],
    prepare: (world) => world.putEncrypted('there'),
  }),
  typed({
    when: 'a version of many objects',
    argv: ['rekey', '-r', 'p/', '--to', 'b', '--version-id', 'x'],
    message: '--version-id is for one object, and these are many.',
    hints: [MANY],
  }),
  typed({
    when: 'an old version to delete where the source stays',
    argv: ['rekey', 'there', 'elsewhere', '--to', 'b', '--delete-old-version'],
    message: 'A copy to DEST replaces no version that --delete-old-version could delete.',
    hints: ['leave DEST away to rekey in place'],
  }),
  typed({
    when: 'rekeying to an empty destination',
    argv: ['rekey', 'there', '', '--to', 'b'],
    message: 'The destination is empty.',
    hints: ['leave it away to rekey in place, or name it: ssec rekey OBJECT DEST'],
  }),
  typed({
    when: 'not to overwrite what is rekeyed in place',
    argv: ['rekey', 'there', '--to', 'b', '--no-overwrite'],
    message: '--no-overwrite is for a DEST; in place the object is overwritten.',
  }),
  typed({
    when: 'the plan of one object',
    argv: ['rekey', 'there', '--to', 'b', '--plan'],
    message: '--plan is for many objects.',
    hints: [`${MANY} --plan`, 'of one object: --dry-run'],
  }),
  typed({
    when: 'a pattern for one object to rekey',
    argv: ['rekey', 'there', '--to', 'b', '--include', 'x'],
    message: '--include goes with -r.',
    hints: [MANY],
  }),
  typed({
    when: 'a prefix rekeyed into itself',
    argv: ['rekey', '-r', 'p/', 'p/q/', '--to', 'b'],
    message: 'One of the two prefixes lies in the other; the copies would be copied again.',
    hints: ['leave DEST away to rekey in place'],
  }),
  typed({
    when: 'a prefix and a manifest',
    argv: ['rekey', '-r', 'p/', '--manifest', 'list', '--to', 'b'],
    message: '-r takes a prefix, and --manifest a list; give one.',
  }),
  typed({
    when: 'an object and a manifest',
    argv: ['rekey', 'there', '--manifest', 'list', '--to', 'b'],
    message: 'A manifest names the objects, and so does ADDRESS; give one.',
  }),
  typed({
    when: 'a pattern for a manifest',
    argv: ['rekey', '--manifest', 'list', '--exclude', 'x', '--to', 'b'],
    message: '--include and --exclude choose under a prefix, and a manifest has chosen.',
    hints: ['leave out of the manifest what is not to be rekeyed'],
  }),
  typed({
    when: 'a share of a prefix',
    argv: ['rekey', '-r', 'p/', '--shard', '0/2', '--to', 'b'],
    message: '--shard shares out the records of a --manifest.',
    hints: ['a listing cannot be shared out: every worker would have to list all of it'],
  }),
  typed({
    when: 'a share that there is not',
    argv: ['rekey', '--manifest', 'list', '--shard', '2/2', '--to', 'b'],
    message:
      "Option '--shard <i/n>' argument '2/2' is invalid. There is no share 2/2: the last one of 2 is 1.",
    hints: ['ssec rekey --help'],
  }),
  onRing({
    when: 'rekeying what is under none of the keys',
    argv: ['rekey', 'there', '--to', 'b'],
    code: 'KEY_MISMATCH',
    exit: 6,
    message: 's3://my-bucket/there is encrypted with none of the 3 keys of the ring.',
    hints: [
      'put the key that it was written with into the ring: ssec keys add NAME --key-file FILE',
      'or give it: --key-file FILE',
    ],
    prepare: (world) => world.putEncrypted('there', Buffer.alloc(32, 7).toString('base64')),
  }),
  onRing({
    when: 'rekeying from another key than it has',
    argv: ['rekey', 'there', '--from', 'old', '--to', 'b'],
    code: 'KEY_MISMATCH',
    exit: 6,
    message: 's3://my-bucket/there is under another key than "old".',
    hints: ['see what it is under: ssec stat s3://my-bucket/there'],
    prepare: (world) => world.putEncrypted('there', KEY),
  }),
  onRing({
    when: 'rekeying what has no customer key from one',
    argv: ['rekey', 'there', '--from', 'a', '--to', 'b'],
    code: 'KEY_NOT_NEEDED',
    exit: 6,
    message: 's3://my-bucket/there is not encrypted with a customer key.',
    hints: ['to encrypt it with one: --from none'],
    prepare: (world) => world.putPlain('there'),
  }),
  onRing({
    when: 'rekeying what is archived',
    before: [NOT_KEPT],
    argv: ['rekey', 'there', '--from', 'none', '--to', 'b'],
    code: 'OBJECT_ARCHIVED',
    exit: 5,
    message: 's3://my-bucket/there is archived and must be restored before it can be copied.',
    hints: ['restore it (aws s3api restore-object ...), and run the same command again'],
    prepare: (world) => world.putPlain('there', 'x', { StorageClass: 'DEEP_ARCHIVE' }),
  }),
  onRing({
    when: 'rekeying over an object that exists',
    before: [NOT_KEPT],
    argv: ['rekey', 'there', 'other', '--to', 'b', '--no-overwrite'],
    code: 'TARGET_EXISTS',
    exit: 8,
    message: 's3://my-bucket/other exists already.',
    hints: ['leave --no-overwrite away to replace it'],
    prepare: async (world) => {
      await world.putEncrypted('there');
      await world.putPlain('other', 'something else');
    },
  }),
  onRing({
    when: 'a server that cannot copy between keys',
    before: [NOT_KEPT],
    argv: ['rekey', 'there', '--to', 'b'],
    code: 'NOT_SUPPORTED',
    exit: 2,
    message:
      'The server cannot copy between customer keys: it refused CopyObject of s3://my-bucket/there, which it reads (HTTP 501).',
    hints: [THROUGH],
    note: 'the server answered HTTP 501 NotImplemented',
    sandbox: { copies: 'refuse' },
    prepare: (world) => world.putEncrypted('there'),
  }),
  onRing({
    when: 'a server that copies and passes over the key',
    before: [NOT_KEPT],
    argv: ['rekey', 'there', '--from', 'none', '--to', 'b'],
    code: 'KEY_IGNORED',
    exit: 6,
    message:
      'The server copied s3://my-bucket/there and did not encrypt the copy: it cannot copy to a customer key.',
    hints: ['nothing was lost: it is as unencrypted as it was before', THROUGH],
    sandbox: { copies: 'ignore' },
    prepare: (world) => world.putPlain('there'),
  }),
  onRing({
    when: 'rekeying into a bucket that blocks SSE-C',
    before: [NOT_KEPT],
    argv: ['rekey', 'there', '--from', 'none', '--to', 'b'],
    code: 'SSEC_BLOCKED',
    exit: 4,
    message: 'The bucket "my-bucket" blocks SSE-C, which is AWS\'s default since April 2026.',
    hints: ['allow it: ssec bucket allow-sse-c -b my-bucket'],
    sandbox: { blockSseC: true },
    prepare: (world) => world.putPlain('there'),
  }),
];
