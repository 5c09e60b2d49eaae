import type { Command } from 'commander';
import type { SsecClient } from '../../client.ts';
import { SsecError } from '../../errors.ts';
import type { UnfinishedUpload } from '../../multipart-uploads.ts';
import { formatObjectAddress, parseObjectAddress } from '../../object-address.ts';
import { shellWord } from '../../shell-word.ts';
import { type NotedTransfer, TransferJournal } from '../../transfer/transfer-journal.ts';
import { addOutputOptions, addSettingOptions } from '../options.ts';
import type { Act } from '../program.ts';
import { type CommandContext, bucketOf, journalFolder, loadSettings, withClient } from '../session.ts';

interface UploadsOptions {
  /** `true` = those that this user's ssec began. */
  readonly abort?: string | true;
}

/** An unfinished transfer: an upload on the server, a download on the disk, or the notes on an upload that is gone. */
interface Unfinished {
  readonly upload?: UnfinishedUpload;
  /** What our own notes say of it; undefined where somebody else began it. */
  readonly noted?: NotedTransfer;
}

export function addUploads(program: Command, act: Act): void {
  const command = program
    .command('uploads')
    .description('list what was begun in parts and not finished, or drop it')
    .argument('[prefix]', 'only objects whose keys begin so, or s3://bucket/prefix')
    .option('--abort [id]', 'drop what ssec began here, or the upload with this id, whoever began it')
    .addHelpText(
      'after',
      `
The parts of an unfinished upload are stored, and cost money, until it is completed or aborted.
"ours" marks transfers that ssec began for this user; the same command goes on with them.
Of an upload that is "gone", completed or aborted by somebody, only our notes are left.

Examples:
  ssec uploads -b my-bucket
  ssec uploads --abort            drop ours in BUCKET_NAME, unfinished downloads too
  ssec uploads --abort 2~TkzQ...  drop that one`,
    );
  addOutputOptions(addSettingOptions(command, ['target', 'identity', 'endpoint', 'region']));
  command.action((prefix: string | undefined, options: UploadsOptions) =>
    act(command, (context) => uploads(context, prefix, options)),
  );
}

async function uploads(
  context: CommandContext,
  argument: string | undefined,
  options: UploadsOptions,
): Promise<void> {
  const settings = await loadSettings(context, { usesKey: false });
  const given = argument === undefined ? undefined : parseObjectAddress(argument);
  const bucket = bucketOf(settings, given?.bucket);
  const prefix = given?.key ?? argument ?? '';
  await withClient(context, settings, async (client) => {
    const found = await findUnfinished(context, client, bucket, prefix);
    if (options.abort === undefined) {
      for (const item of found) await tell(context, item, bucket);
      return;
    }
    const wanted =
      options.abort === true
        ? found.filter(({ noted }) => noted !== undefined)
        : found.filter((item) => uploadId(item) === options.abort);
    if (wanted.length === 0 && options.abort !== true) {
      throw new SsecError(
        'OBJECT_NOT_FOUND',
        `There is no unfinished upload ${options.abort} in "${bucket}".`,
        {
          hints: [`list them: ssec uploads -b ${shellWord(bucket)}`],
        },
      );
    }
    for (const item of wanted) {
      if (await drop(context, client, item)) await tell(context, item, bucket);
    }
  });
}

async function findUnfinished(
  context: CommandContext,
  client: SsecClient,
  bucket: string,
  prefix: string,
): Promise<Unfinished[]> {
  const { listUploads } = await import('../../multipart-uploads.ts');
  const { notedTransfers } = await import('../../transfer/transfer-journal.ts');
  const folder = journalFolder(context);
  const noted = (folder === undefined ? [] : await notedTransfers(folder)).filter(
    ({ head }) => head['bucket'] === bucket && head['endpoint'] === (client.endpoint ?? null),
  );
  const found: Unfinished[] = [];
  for await (const upload of listUploads({ client, bucket, prefix, signal: context.io.signal })) {
    const ours = noted.find(({ head }) => head['kind'] === 'put' && head['uploadId'] === upload.uploadId);
    found.push(ours === undefined ? { upload } : { upload, noted: ours });
  }
  const onServer = new Set(found.map((item) => item.noted));
  const others = noted.filter(
    (one) =>
      !onServer.has(one) &&
      (one.head['kind'] === 'get' || one.head['kind'] === 'put') &&
      String(one.head['key']).startsWith(prefix),
  );
  return [...found, ...others.map((other) => ({ noted: other }))];
}

/** @returns false where it is under way at this moment */
async function drop(
  { io, reporter }: CommandContext,
  client: SsecClient,
  { upload, noted }: Unfinished,
): Promise<boolean> {
  const { abortUpload } = await import('../../multipart-uploads.ts');
  const { removeTemporary } = await import('../../transfer/atomic-file.ts');
  const journal = noted === undefined ? undefined : await TransferJournal.openFile(noted.folder, noted.name);
  if (noted !== undefined && journal === undefined) {
    reporter.notice(`${String(noted.head['key'])} is being transferred at this moment; it was left alone`);
    return false;
  }
  try {
    if (upload !== undefined) await abortUpload(upload, { client, signal: io.signal });
  } catch (error) {
    await journal?.keep();
    throw error;
  }
  const { path, temporaryName } = journal?.head ?? {};
  if (typeof path === 'string' && typeof temporaryName === 'string')
    await removeTemporary(path, temporaryName);
  await journal?.remove();
  return true;
}

/** Keys come from the server, and may hold anything. */
function tell({ reporter }: CommandContext, item: Unfinished, bucket: string): Promise<void> {
  const { redactor } = reporter;
  return reporter.result(
    { type: 'uploads', ...redactor.strikeMembers(record(item, bucket)) },
    redactor.clean(line(item, bucket)),
  );
}

function isDownload({ upload, noted }: Unfinished): boolean {
  return upload === undefined && noted?.head['kind'] !== 'put';
}

/** undefined for a download. */
function uploadId({ upload, noted }: Unfinished): string | undefined {
  if (upload !== undefined) return upload.uploadId;
  const id = noted?.head['kind'] === 'put' ? noted.head['uploadId'] : undefined;
  return typeof id === 'string' ? id : undefined;
}

/** Known of ours alone. */
function localFile(item: Unfinished): unknown {
  return item.noted?.head[isDownload(item) ? 'path' : 'file'];
}

function record(item: Unfinished, bucket: string): Readonly<Record<string, unknown>> {
  const { upload, noted } = item;
  return {
    Kind: isDownload(item) ? 'download' : 'upload',
    Bucket: bucket,
    Key: upload?.key ?? noted?.head['key'] ?? null,
    UploadId: uploadId(item) ?? null,
    Initiated: upload?.initiated?.toISOString() ?? null,
    OnServer: upload !== undefined,
    Ours: noted !== undefined,
    Path: localFile(item) ?? null,
    PartsDone: noted?.done ?? null,
  };
}

function line(item: Unfinished, bucket: string): string {
  const { upload, noted } = item;
  const key = upload?.key ?? String(noted?.head['key']);
  const begun = upload?.initiated?.toISOString().replace(/\.\d+Z$/, 'Z') ?? 'upload';
  const isGone = upload === undefined && !isDownload(item);
  return [
    isDownload(item) ? 'download' : isGone ? 'gone' : begun,
    formatObjectAddress({ bucket, key }),
    uploadId(item) ?? localFile(item),
    ...(noted === undefined ? [] : [`ours (${noted.done} parts done)`]),
  ].join('  ');
}
