import { realpath, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { SsecClient } from '../../client.ts';
import { SsecError, systemErrorCode } from '../../errors.ts';
import type { Settings } from '../../settings/settings.ts';
import { shellWord } from '../../shell-word.ts';
import { type ObjectPrefix, parsePrefix } from '../batch/object-prefix.ts';
import { createPathFilter } from '../batch/path-filter.ts';
import { UploadBatch } from '../batch/upload-batch.ts';
import { ownFiles } from '../download.ts';
import type { Io } from '../io.ts';
import { type CommandContext, bucketOf, loadSettings, withClient } from '../session.ts';
import { loadWriteKey, withKeyTag } from '../upload.ts';
import { usageOf } from '../batch/batch-options.ts';
import type { PutOptions } from './put.ts';
import { inFolder } from '../upload-source.ts';

/** `ssec put -r`: every file in a folder, under a prefix. */
export async function putFolder(
  context: CommandContext,
  folder: string | undefined,
  dest: string | undefined,
  options: PutOptions,
): Promise<void> {
  const { io } = context;
  refuseNoFolder(folder);
  const settings = await loadSettings(context, { usesKey: true });
  const target = prefixOf(folder, dest, settings, io);
  const root = await realFolder(folder, io);
  const key = await loadWriteKey(context, settings, options);
  const filter = createPathFilter(options);
  const batch = new UploadBatch(context, {
    root,
    shown: folder,
    target,
    key,
    filter,
    options: await withKeyTag(context, settings, options, key),
    untouched: await ownFiles(settings, io),
  });
  if (options.dryRun === true && options.skipExisting !== true) return batch.run(undefined);
  await withClient(context, settings, (client: SsecClient) => batch.run(client));
}

function refuseNoFolder(folder: string | undefined): asserts folder is string {
  if (folder === undefined || folder === '')
    throw new SsecError('USAGE', 'No folder was named.', { hints: [usageOf('put')] });
  if (folder === '-') {
    throw new SsecError('USAGE', 'stdin is no folder.', {
      hints: ['leave -r away to put one object from stdin: ssec put - NAME', usageOf('put')],
    });
  }
  if (folder.startsWith('s3://')) {
    throw new SsecError('USAGE', `put takes a local folder first, and "${folder}" is an address.`, {
      hints: [`to download it: ssec get -r ${shellWord(folder)} -o DIR`],
    });
  }
}

/** Without a DEST, a folder goes under its own name, as a file does. */
function prefixOf(folder: string, dest: string | undefined, settings: Settings, io: Io): ObjectPrefix {
  if (dest !== undefined && dest !== '') return parsePrefix(dest, settings);
  const name = basename(resolve(io.cwd, folder));
  if (name !== '' && dest === undefined) return { bucket: bucketOf(settings), prefix: `${name}/` };
  throw new SsecError('USAGE', 'Name the prefix that the files go under.', {
    hints: [
      `ssec put -r ${shellWord(folder)} prefix/`,
      `or into the bucket's root: ssec put -r ${shellWord(folder)} ${shellWord(`s3://${bucketOf(settings)}/`)}`,
    ],
  });
}

async function realFolder(folder: string, io: Io): Promise<string> {
  const path = inFolder(io.cwd, folder);
  const status = await stat(path).catch((cause: unknown) => {
    const isThere = systemErrorCode(cause) !== 'ENOENT' && systemErrorCode(cause) !== 'ENOTDIR';
    throw isThere
      ? new SsecError('FILE_UNREADABLE', `"${folder}" cannot be read: ${systemErrorCode(cause) ?? ''}.`, {
          cause,
        })
      : new SsecError('FILE_NOT_FOUND', `There is no folder "${folder}".`, { cause });
  });
  if (status.isDirectory()) return realpath(path);
  throw new SsecError('USAGE', `"${folder}" is no folder, and -r puts the files in one.`, {
    hints: [`put it alone: ssec put ${shellWord(folder)}`],
  });
}
