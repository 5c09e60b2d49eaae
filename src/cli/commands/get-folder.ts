import { platform } from 'node:os';
import { resolve } from 'node:path';
import { SsecError } from '../../errors.ts';
import { usageOf } from '../batch/batch-options.ts';
import { DownloadBatch } from '../batch/download-batch.ts';
import { LocalFolder } from '../batch/local-folder.ts';
import { parsePrefix } from '../batch/object-prefix.ts';
import { createPathFilter } from '../batch/path-filter.ts';
import { isStdout, ownFiles } from '../download.ts';
import { shellWord } from '../../shell-word.ts';
import { type CommandContext, bucketOf, loadSettings, withClient } from '../session.ts';
import { OpeningKeys } from '../ring.ts';
import type { GetOptions } from './get.ts';

/** `ssec get -r`: every object under a prefix, into a folder. */
export async function getFolder(
  context: CommandContext,
  source: string | undefined,
  options: GetOptions,
): Promise<void> {
  const { io } = context;
  const output = folderOf(options);
  const settings = await loadSettings(context, { usesKey: true });
  if (source === undefined) {
    throw new SsecError('USAGE', 'No prefix was named.', {
      hints: [
        usageOf('get'),
        `or the whole bucket: ssec get -r ${shellWord(`s3://${bucketOf(settings)}/`)} -o DIR`,
      ],
    });
  }
  const from = parsePrefix(source, settings);
  const folder = new LocalFolder(resolve(io.cwd, output), output);
  const keys = await OpeningKeys.load(context, settings);
  const batch = new DownloadBatch(context, {
    from,
    folder,
    settings,
    keys,
    filter: createPathFilter(options),
    options,
    untouched: await ownFiles(settings, io),
    platform: platform(),
  });
  await withClient(context, settings, (client) => batch.run(client));
}

function folderOf({ output, range, versionId }: GetOptions): string {
  if (versionId !== undefined)
    throw new SsecError('USAGE', '--version-id is for one object, and -r for many.', {
      hints: [usageOf('get')],
    });
  if (range !== undefined)
    throw new SsecError('USAGE', '--range is for one object, and -r for many.', { hints: [usageOf('get')] });
  if (output === undefined || output === '') {
    throw new SsecError('USAGE', 'No folder was named for what -r downloads.', { hints: [usageOf('get')] });
  }
  if (isStdout(output)) {
    throw new SsecError('USAGE', 'Many objects go into a folder, and not to stdout.', {
      hints: [usageOf('get')],
    });
  }
  return output;
}
