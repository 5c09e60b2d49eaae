import { posix } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { SsecError } from '../../errors.ts';
import { type ObjectAddress, checkObjectKey, parseObjectAddress } from '../../object-address.ts';
import type { RekeyObjectResult } from '../../rekey/rekey-result.ts';
import type { Settings } from '../../settings/settings.ts';
import { parseShard } from '../batch/manifest/shard.ts';
import { addSelectionOptions, refuseWithoutRecursive } from '../batch/selection-options.ts';
import { namedObjects } from '../named-objects.ts';
import { addTagKey, addTransferOptions, addVersionId } from '../options.ts';
import type { Act } from '../program.ts';
import { RepeatableOption } from '../repeatable-option.ts';
import { RekeyKeys } from '../rekey/rekey-keys.ts';
import { REKEY_MANY, type RekeyOptions, refuseOfOtherPlace } from '../rekey/rekey-options.ts';
import { RekeyRun } from '../rekey/rekey-run.ts';
import { type CommandContext, bucketOf, loadSettings, withClient } from '../session.ts';

export function addRekey(program: Command, act: Act): void {
  const command = program
    .command('rekey')
    .description('encrypt objects with another key, inside S3')
    .argument('[address]', 'object key or s3://bucket/key; with -r a prefix')
    .argument('[dest]', 'copy it there, and leave ADDRESS as it is (default: in place)')
    .optionsGroup('Keys:')
    .addOption(
      new RepeatableOption(
        '--from <name>',
        "old key of the ring, or none: objects without a customer key (default: the key that is set, else the ring's)",
        collectName,
      ),
    )
    .option(
      '--to <name>',
      "new key of the ring, or none: out of SSE-C (default: the ring's default key; with --from what put writes with)",
    )
    .option('--to-key-file <file>', 'new key out of a file')
    .option('--allow-weak-key', 'rekey to a key of 32 printable characters');
  addTagKey(command, 'tag the objects with the name of the new key');
  command.optionsGroup('Object:');
  addVersionId(command)
    .option('--no-overwrite', 'fail if DEST exists')
    .option(
      '--delete-old-version',
      'in a bucket with versions: delete what the copy replaced, once it is proved',
    )
    .option('--all-versions', 'with -r and DEST: copy every version and delete marker, in their order')
    .option(
      '--through-client',
      'down and up again through this machine, for servers that cannot copy between keys',
    )
    .option('--dry-run', 'say what would be rekeyed, and rekey nothing')
    .option('--plan', 'count objects, requests and their cost, and print a note for the security team');
  addSelectionOptions(command, {
    heading: 'Many objects:',
    recursive: 'every object under the prefix ADDRESS',
    what: 'objects',
  })
    .optionsGroup('Many objects:')
    .addOption(
      new RepeatableOption(
        '--manifest <file>',
        'the objects of a list: an address a line, NDJSON, or S3 Inventory CSV; gzip too; - = stdin',
        collectName,
      ),
    )
    .addOption(
      new Option('--shard <i/n>', 'share I of N (from 0) of the records of the manifest').argParser(shardOf),
    )
    .optionsGroup('Options:');
  addTransferOptions(command).addHelpText(
    'after',
    `
Opens each object with its old key, copies it on the condition that nobody writes it meanwhile, and looks at the copy
under the new key, with its checksum. What is under the new key already is left alone: stopped at any point, the same
command goes on. Prints the address of each object that was rekeyed; some failed: exit code 3. With -r and --manifest,
objects without a customer key are rekeyed with --from none alone.
A copy keeps metadata, content headers, tags and storage class. It does not keep ACLs, Object Lock terms, the time of
last change (lifecycle rules count anew) and checksums of parts; archived objects must be restored first. In a bucket
with versions the old one stays, under the old key.

Examples:
  ssec rekey report.pdf --to 2027
  ssec rekey -r photos/ --from 2026 --to 2027
  ssec rekey -r s3://my-bucket/ --from none --to 2027 --plan
  ssec rekey report.pdf s3://partner/report.pdf --to partner
  ssec rekey -r photos/ --to none                out of SSE-C
  ssec rekey --manifest inventory.csv.gz --shard 0/100 --from 2026 --to 2027 --json > done.0.ndjson`,
  );
  command.action((word: string | undefined, dest: string | undefined, options: RekeyOptions) =>
    act(command, async (context) => {
      if (
        options.recursive !== true &&
        options.manifest === undefined &&
        options.shard === undefined &&
        options.allVersions !== true
      )
        return rekey(context, word, dest, options);
      const { rekeyMany } = await import('../rekey/rekey-many.ts');
      return rekeyMany(context, word, dest, options);
    }),
  );
}

async function rekey(
  context: CommandContext,
  word: string | undefined,
  dest: string | undefined,
  options: RekeyOptions,
): Promise<void> {
  refuseWithoutRecursive(options, REKEY_MANY);
  refuseOfOtherPlace(dest, options);
  if (word === undefined || word === '')
    throw new SsecError('USAGE', 'No object was named.', {
      hints: ['ssec rekey OBJECT --to NAME', REKEY_MANY],
    });
  if (options.plan === true)
    throw new SsecError('USAGE', '--plan is for many objects.', {
      hints: [`${REKEY_MANY} --plan`, 'of one object: --dry-run'],
    });
  const settings = await loadSettings(context, { usesKey: true });
  const [source] = namedObjects([word], settings, options.versionId);
  if (source === undefined) throw new SsecError('INTERNAL', 'No object was made of a word.');
  const target = dest === undefined ? undefined : targetOf(dest, source, settings);
  const keys = await RekeyKeys.load(context, settings, options);
  await withClient(context, settings, async (client) => {
    const { io, reporter } = context;
    const run = await RekeyRun.begin(context, client, keys, settings, options);
    const shown = await reporter.progress(posix.basename(source.key), undefined, io.signal);
    try {
      const told = {
        onProgress: (bytes: number) => shown.update(bytes),
        onRetry: () => shown.retry(),
      };
      const object = target === undefined ? source : { ...source, target };
      for await (const result of run.of(object, true, told, io.signal)) {
        shown.stop();
        await run.tell(result);
        tellMore(context, keys, result, options);
      }
    } finally {
      shown.stop();
      run.end();
    }
  });
}

/** What the user should know of the one object that was named. */
function tellMore(
  { reporter }: CommandContext,
  keys: RekeyKeys,
  result: RekeyObjectResult,
  options: RekeyOptions,
): void {
  if (result.status === 'already') reporter.notice(`it is under ${keys.toLabel} already`);
  if (result.proof === 'size')
    reporter.notice('proved by its length alone: S3 keeps no checksum of it that can be compared');
  if (result.lost.includes('object-lock'))
    reporter.notice('it had Object Lock terms, which the new version does not have');
  if (result.oldVersion?.deleted !== false) return;
  const { versionId } = result.oldVersion;
  if (options.deleteOldVersion === true)
    throw new SsecError(
      'PARTIAL',
      `The object is rekeyed, and its old version ${versionId} is still there.`,
      {
        hints: ['run the same command again to delete it'],
      },
    );
  reporter.notice(`version ${versionId} stays, under the old key: --delete-old-version deletes it`);
}

/** `prefix/` and `s3://bucket/` are folders, as for put. */
function targetOf(dest: string, source: ObjectAddress, settings: Settings): ObjectAddress {
  const given = parseObjectAddress(dest);
  const bucket = given?.bucket ?? bucketOf(settings);
  const key = given?.key ?? dest;
  const target = { bucket, key: key === '' || key.endsWith('/') ? key + posix.basename(source.key) : key };
  checkObjectKey(target.key);
  return target;
}

function collectName(text: string, before: readonly string[] = []): readonly string[] {
  if (text === '') throw new InvalidArgumentError('It is empty.');
  return [...before, text];
}

function shardOf(text: string): ReturnType<typeof parseShard> {
  try {
    return parseShard(text);
  } catch (error) {
    throw error instanceof SsecError ? new InvalidArgumentError(error.message) : error;
  }
}
