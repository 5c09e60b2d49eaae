import { realpath } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { SsecError } from '../../errors.ts';
import type { SsecClient } from '../../client.ts';
import {
  type ObjectAddress,
  checkObjectKey,
  formatObjectAddress,
  parseObjectAddress,
} from '../../object-address.ts';
import { shellWord } from '../../shell-word.ts';
import type { Settings } from '../../settings/settings.ts';
import type { Source } from '../../transfer/source.ts';
import type { StreamSource } from '../../transfer/stream-source.ts';
import { checkUserMetadata } from '../../user-metadata.ts';
import { type BatchOptions, addBatchOptions, refuseBatchOptions } from '../batch/batch-options.ts';
import { ownFiles } from '../download.ts';
import type { Io } from '../io.ts';
import {
  addTagKey,
  addTransferOptions,
  collectMetadata,
  collectTag,
  parseHeaderValue,
  parseSize,
} from '../options.ts';
import { RepeatableOption } from '../repeatable-option.ts';
import { orInterrupted } from '../../transfer/or-interrupted.ts';
import type { Act } from '../program.ts';
import type { NamedKey } from '../ring.ts';
import { type CommandContext, bucketOf, loadSettings, withClient } from '../session.ts';
import {
  type UploadOptions,
  loadWriteKey,
  putRecord,
  tellWeakProof,
  uploadFields,
  uploadJournal,
  withKeyTag,
} from '../upload.ts';
import { contentTypeOf, inFolder, isPipe, openUploadSource } from '../upload-source.ts';

export type PutOptions = UploadOptions & BatchOptions;

export function addPut(program: Command, act: Act): void {
  const command = program
    .command('put')
    .description('upload a file, encrypted by S3 with your key')
    .argument('[file]', 'file, or - for stdin (default: KEY, as file and as object key)')
    .argument('[dest]', "object key, prefix/ or s3://bucket/key (default: the file's base name)")
    .optionsGroup('Object:')
    .option('--no-overwrite', 'fail if the object exists')
    .addOption(
      new RepeatableOption('--metadata <name=value>', 'user metadata, up to 2 KB in all', collectMetadata),
    )
    .addOption(new RepeatableOption('--tag <name=value>', 'tag, up to 10', collectTag))
    .option('--content-type <type>', 'content type (default: by the name)', parseHeaderValue)
    .option('--storage-class <class>', 'storage class, as S3 names it', parseHeaderValue)
    .addOption(
      new Option(
        '--checksum <algorithm>',
        'what the server verifies; md5 = CRC32 and Content-MD5; auto = crc32 on AWS, else md5',
      )
        .choices(['auto', 'crc32', 'md5'])
        .default('auto')
        .helpGroup('Transfer:'),
    )
    .addOption(
      new Option('--part-size <size>', 'bytes of a part, 5MiB to 5GiB (default: by the size, 8MiB and up)')
        .argParser(parseSize)
        .helpGroup('Transfer:'),
    )
    .addOption(
      new Option('--allow-weak-key', 'write with a key of 32 printable characters').helpGroup('Key:'),
    );
  addTagKey(command, "tag the object with the name of the ring's key");
  addBatchOptions(command, 'every file in the folder FILE, under the prefix DEST');
  addTransferOptions(command).addHelpText(
    'after',
    `
Prints the s3:// address. It is printed only when S3 confirmed that it used the key.
Tags need the permission s3:PutObjectTagging, and cost money by the month. --tag-key writes the name of the ring's key
as the tag ssec-key, never a digest of the key: get --tag-key then knows which key to try first.

Examples:
  ssec put sample.jpg
  ssec put sample.jpg photos/            as photos/sample.jpg
  ssec put report.pdf s3://other/2026/report.pdf --no-overwrite
  ssec put report.pdf --tag project=alpha --tag keep=7y
  ssec put -r photos/ 2026/ --exclude '*.tmp' --skip-existing
  pg_dump shop | ssec put - shop.sql`,
  );
  command.action((file: string | undefined, dest: string | undefined, options: PutOptions) =>
    act(command, async (context) => {
      if (options.metadata !== undefined) checkUserMetadata(options.metadata);
      if (options.recursive !== true) return put(context, file, dest, options);
      const { putFolder } = await import('./put-folder.ts');
      return putFolder(context, file, dest, options);
    }),
  );
}

async function put(
  context: CommandContext,
  file: string | undefined,
  dest: string | undefined,
  options: PutOptions,
): Promise<void> {
  const { io } = context;
  refuseBatchOptions(options, 'put');
  const settings = await loadSettings(context, { usesKey: true });
  const { path, address } = await resolveTarget(file, dest, settings, io);
  if (path === '-' && settings.key.kind === 'file' && settings.key.value === '-') {
    throw new SsecError('USAGE', 'stdin cannot be the key and the data both.');
  }
  const key = await loadWriteKey(context, settings, options);
  await warnOfKey(path, settings, context);
  const tagged = await withKeyTag(context, settings, options, key);
  const source = await orInterrupted(openUploadSource(path, io), io.signal);
  try {
    await withClient(context, settings, (client) =>
      upload(context, { client, source, key, address, path }, tagged),
    );
  } finally {
    await source.close();
  }
}

interface Upload {
  readonly client: SsecClient;
  readonly source: Source | StreamSource;
  readonly key: NamedKey;
  readonly address: ObjectAddress;
  /** Of the file, for its type. */
  readonly path: string;
}

async function upload(context: CommandContext, what: Upload, options: PutOptions): Promise<void> {
  const { io, reporter } = context;
  const { client, source, key, address } = what;
  const { putObject } = await import('../../put-object.ts');
  const contentType = options.contentType ?? (await contentTypeOf(what.path, address.key));
  const size = 'size' in source ? source.size : undefined;
  const progress = await reporter.progress(basename(source.name), size, io.signal);
  const journal = uploadJournal(context, client, address, what.path);
  const result = await putObject({
    client,
    ...address,
    customerKey: key.customerKey,
    source,
    ...uploadFields(options),
    onProgress: (bytes) => progress.update(bytes),
    onResumed: (bytes) => progress.resumed(bytes),
    onRetry: () => progress.retry(),
    onNotice: (message) => reporter.notice(message),
    signal: io.signal,
    ...(journal === undefined ? {} : { journal }),
    ...(contentType === undefined ? {} : { contentType }),
  })
    .then((done) => {
      progress.stop('done');
      return done;
    })
    .finally(() => progress.stop());
  tellWeakProof(result, reporter);
  const record = putRecord(result, key, reporter.redactor);
  await reporter.result(record, formatObjectAddress(address));
}

/** A key in a bucket is for whoever gets at it there, and under itself it is lost. */
async function warnOfKey(path: string, settings: Settings, { io, reporter }: CommandContext): Promise<void> {
  if (path === '-') return;
  const file = await realpath(resolve(io.cwd, path)).catch(() => undefined);
  if (file !== undefined && (await ownFiles(settings, io)).has(file))
    reporter.warning(`"${path}" holds your settings or a key of yours`);
}

/** What is read, and what it becomes. An argument beats `KEY`: `put other.jpg` never writes to KEY's object. */
async function resolveTarget(
  file: string | undefined,
  dest: string | undefined,
  settings: Settings,
  io: Io,
): Promise<{ path: string; address: ObjectAddress }> {
  if (file === undefined) {
    const key = settings.objectKey?.value;
    if (key === undefined) {
      throw new SsecError('USAGE', 'No file was named.', { hints: ['ssec put FILE', 'or set KEY in .env'] });
    }
    return { path: key, address: checked({ bucket: bucketOf(settings), key }) };
  }
  if (file === '') throw new SsecError('USAGE', 'The file name is empty.');
  if (file.startsWith('s3://')) {
    throw new SsecError('USAGE', `put takes a local file first, and "${file}" is an address.`, {
      hints: [
        `to download it: ssec get ${shellWord(file)}`,
        `to upload to it: ssec put FILE ${shellWord(file)}`,
      ],
    });
  }
  // an unset variable of a script
  if (dest === '')
    throw new SsecError('USAGE', 'The destination is empty.', {
      hints: ['leave it away, or name it: ssec put FILE DEST'],
    });
  const nameless = file === '-' || (await isPipe(inFolder(io.cwd, file)));
  const given = dest === undefined ? undefined : parseObjectAddress(dest);
  const key = given?.key ?? dest ?? '';
  if (given === undefined && key.split('/').includes('..')) {
    // S3 takes it for a name like any other, and many tools then cannot address it
    throw new SsecError('USAGE', `"${key}" has a ".." in it, and an object key is no path.`, {
      hints: [
        'write the key from the bucket on: prefix/name',
        `or in full, where you mean it: ${shellWord(formatObjectAddress({ bucket: settings.bucket?.value ?? 'BUCKET', key }))}`,
      ],
    });
  }
  if (nameless && (key === '' || key.endsWith('/'))) {
    throw new SsecError('USAGE', 'What comes from a pipe has no name of its own; name the object.', {
      hints: [`ssec put ${file === '-' ? file : shellWord(file)} NAME`],
    });
  }
  const named = key === '' || (key.endsWith('/') && !nameless) ? key + basename(file) : key;
  return { path: file, address: checked({ bucket: bucketOf(settings, given?.bucket), key: named }) };
}

function checked(address: ObjectAddress): ObjectAddress {
  checkObjectKey(address.key);
  return address;
}
