import { type Command, Option } from 'commander';
import type { DeleteObjectResult } from '../../delete-object.ts';
import { SsecError } from '../../errors.ts';
import { formatObjectAddress } from '../../object-address.ts';
import type { ObjectVersion } from '../../object-version.ts';
import { shellWord } from '../../shell-word.ts';
import { ask, canAsk } from '../ask.ts';
import { eachObject } from '../batch/each-object.ts';
import { namedObjects } from '../named-objects.ts';
import { addOutputOptions, addSettingOptions, addVersionId } from '../options.ts';
import type { Act } from '../program.ts';
import { type CommandContext, loadSettings, withClient } from '../session.ts';

interface RmOptions {
  readonly versionId?: string;
  readonly yes?: boolean;
  readonly literal?: boolean;
  readonly json?: boolean;
}

/** Objects that a question names one by one. */
const MOST_NAMED = 10;

export function addRm(program: Command, act: Act): void {
  const command = program
    .command('rm')
    .description('delete the objects that are named; no key is needed')
    .argument('<address...>', 'object key or s3://bucket/key')
    .optionsGroup('Object:');
  addVersionId(command)
    .option('-y, --yes', 'do not ask; needed where there is no terminal to ask on, and with --json')
    .addOption(new Option('--literal', 'take * ? and a / at the end as part of the name'))
    .optionsGroup('Options:');
  addOutputOptions(addSettingOptions(command, ['target', 'identity', 'endpoint', 'region'])).addHelpText(
    'after',
    `
Prints the address of each object that was deleted. There is no recursion and there are no wildcards.
In a bucket with versions a delete marker is set and the versions stay; --version-id deletes one for good, and of a
delete marker makes the version before it the object again.

S3 says "deleted" of what was never there. So one HeadObject asks first, and what is not there is exit code 5; where the
credentials may not ask (s3:GetObject, s3:ListBucket), it is deleted unasked. Several objects of which some failed: 3.
Whoever answers no ends it with 130, and nothing was deleted.

Examples:
  ssec rm photos/2025/sample.jpg
  ssec rm --yes old.sql s3://other/old.sql
  ssec rm report.pdf --version-id 3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY`,
  );
  command.action((words: readonly string[], options: RmOptions) =>
    act(command, (context) => rm(context, words, options)),
  );
}

async function rm(context: CommandContext, words: readonly string[], options: RmOptions): Promise<void> {
  const { io } = context;
  const settings = await loadSettings(context, { usesKey: false });
  if (options.literal !== true) for (const word of words) refusePattern(word);
  const objects = namedObjects(words, settings, options.versionId);
  if (options.yes !== true) await confirm(context, objects, options);
  await withClient(context, settings, async (client) => {
    const { deleteObject } = await import('../../delete-object.ts');
    const { signal } = io;
    await eachObject(
      context,
      objects,
      (object) => deleteObject({ client, ...object, mustExist: true, signal }),
      (done) => tell(context, done, options),
    );
  });
}

/** Whoever means many objects must not delete one of an odd name, nor think that many are gone. */
function refusePattern(word: string): void {
  const literally = `if one object has that very name: ssec rm --literal ${shellWord(word)}`;
  if (/[*?]/.test(word)) {
    throw new SsecError(
      'USAGE',
      `"${word}" has a wildcard in it, and rm deletes what is named and nothing else.`,
      {
        hints: ['name each object', literally],
      },
    );
  }
  if (word === '' || /^s3:\/\/[^/]*\/?$/.test(word) || !word.endsWith('/')) return;
  throw new SsecError('USAGE', `"${word}" is a prefix, and rm deletes no more than single objects.`, {
    hints: ['name each object', literally],
  });
}

async function confirm(
  { io, reporter }: CommandContext,
  objects: readonly ObjectVersion[],
  { json }: RmOptions,
): Promise<void> {
  if (json === true || !canAsk(io)) {
    throw new SsecError(
      'USAGE',
      json === true
        ? 'Nothing was deleted: --json asks no questions.'
        : 'Nothing was deleted: there is no terminal to ask on.',
      { hints: ['to delete without a question: --yes'] },
    );
  }
  if (!(await ask(questionOf(objects), io, reporter.redactor)))
    throw new SsecError('CANCELLED', 'Nothing was deleted.');
}

function questionOf(objects: readonly ObjectVersion[]): string {
  const [first] = objects;
  if (first !== undefined && objects.length === 1) {
    const address = formatObjectAddress(first);
    return first.versionId === undefined
      ? `Delete ${address}?`
      : `Delete version ${first.versionId} of ${address}, for good?`;
  }
  const named = objects.slice(0, MOST_NAMED).map((object) => formatObjectAddress(object));
  const more = objects.length - named.length;
  return `Delete ${objects.length} objects: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}?`;
}

async function tell(
  { reporter }: CommandContext,
  done: DeleteObjectResult,
  { versionId }: RmOptions,
): Promise<void> {
  const { redactor } = reporter;
  const address = formatObjectAddress(done);
  await reporter.result(
    {
      type: 'rm',
      Bucket: done.bucket,
      Key: done.key,
      ...redactor.strikeMembers({ VersionId: done.versionId ?? null }),
      DeleteMarker: done.deleteMarker,
    },
    redactor.clean(address),
  );
  if (!done.deleteMarker) return;
  reporter.notice(
    versionId === undefined
      ? `${address} is hidden by a delete marker and not gone: its versions stay, and cost money`
      : `that was a delete marker; where it was the latest, a version of ${address} before it is the object again`,
  );
}
