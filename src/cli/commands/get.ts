import { randomUUID } from 'node:crypto';
import { mkdir, realpath, stat } from 'node:fs/promises';
import { basename, join, posix, resolve } from 'node:path';
import type { Command } from 'commander';
import { SsecError, systemErrorCode } from '../../errors.ts';
import {
  type ObjectAddress,
  checkObjectKey,
  formatObjectAddress,
  parseObjectAddress,
} from '../../object-address.ts';
import { type ObjectVersion, checkVersionId } from '../../object-version.ts';
import type { Settings } from '../../settings/settings.ts';
import { openFileTarget } from '../../transfer/atomic-file.ts';
import type { EarlierDownload } from '../../transfer/download-journal.ts';
import { type Sink, streamSink, unwritable } from '../../transfer/sink.ts';
import { type BatchOptions, addBatchOptions, refuseBatchOptions } from '../batch/batch-options.ts';
import { downloadJournal, getRecord, ownFileRefused, ownFiles, withKeyHints, isStdout } from '../download.ts';
import type { Io } from '../io.ts';
import type { Progress } from '../output/reporter.ts';
import { addTagKey, addTransferOptions, addVersionId } from '../options.ts';
import { orInterrupted } from '../../transfer/or-interrupted.ts';
import type { Act } from '../program.ts';
import { type NamedKey, OpeningKeys } from '../ring.ts';
import { type CommandContext, bucketOf, loadSettings, withClient } from '../session.ts';
import { terminalSink } from '../terminal-sink.ts';

export interface GetOptions extends BatchOptions {
  readonly output?: string;
  readonly overwrite: boolean;
  readonly range?: string;
  readonly versionId?: string;
  readonly json?: boolean;
}

export function addGet(program: Command, act: Act): void {
  const command = program
    .command('get')
    .description('download an object and decrypt it with your key')
    .argument('[source]', 'object key or s3://bucket/key (default: KEY)')
    .optionsGroup('Object:')
    .option('-o, --output <path>', 'file, folder/ or - for stdout (default: tmp/<uuid> with the extension)')
    .option('--no-overwrite', 'fail if the file exists')
    .option('--range <bytes>', 'part of the object: 0-99, 100- or -100');
  addVersionId(command);
  addTagKey(command, 'ask first which key the object is tagged with');
  addBatchOptions(command, 'every object under the prefix SOURCE, into the folder -o');
  addTransferOptions(command).addHelpText(
    'after',
    `
Prints the path of the file, which exists only once every byte came and agreed with S3's checksum.
Where no setting names a key, the key ring is tried. --tag-key asks for the tag that put --tag-key writes, and tries
that key first: one request more, and the permission s3:GetObjectTagging; without them the others are tried.

Examples:
  path=$(ssec get sample.jpg)
  ssec get sample.jpg -o photo.jpg
  ssec get s3://other/2026/report.pdf -o reports/
  ssec get -r photos/ -o photos --include '*.jpg' --skip-existing
  ssec get report.pdf --version-id 3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY
  ssec get shop.sql -o - | psql shop`,
  );
  command.action((source: string | undefined, options: GetOptions) =>
    act(command, async (context) => {
      if (options.recursive !== true) return get(context, source, options);
      const { getFolder } = await import('./get-folder.ts');
      return getFolder(context, source, options);
    }),
  );
}

async function get(context: CommandContext, source: string | undefined, options: GetOptions): Promise<void> {
  const { io, reporter } = context;
  refuseBatchOptions(options, 'get');
  if (options.output !== undefined && isStdout(options.output) && options.json === true) {
    throw new SsecError('USAGE', '-o - and --json both want stdout; give one.');
  }
  const settings = await loadSettings(context, { usesKey: true });
  checkVersionId(options.versionId);
  const address: ObjectVersion = { ...resolveSource(source, settings), versionId: options.versionId };
  let target = await resolveTarget(address, options, io);
  await refuseKeyFile(target, settings, io);
  const range = parseRange(options.range);
  const keys = await OpeningKeys.load(context, settings);
  await withClient(context, settings, async (client) => {
    const { getObject } = await import('../../get-object.ts');
    let progress: Progress | undefined;
    const noted = target.temporary ? resolve(io.cwd, 'tmp', '*') : target.path;
    const journal =
      range === undefined && target.path !== '-'
        ? downloadJournal(context, client, address, noted, options.versionId)
        : undefined;
    const getWith = async (key: NamedKey | undefined) => ({
      key,
      result: await getObject({
        client,
        ...address,
        customerKey: key?.customerKey,
        ...(range === undefined ? {} : { range }),
        signal: io.signal,
        ...(journal === undefined ? {} : { journal }),
        openSink: async (object, earlier) => {
          // what was begun under a name of our own choosing goes on under it
          if (earlier !== undefined && target.temporary) target = temporaryTarget(basename(earlier.path), io);
          const opening = openTarget(target, options, io, earlier);
          const sink = await orInterrupted(opening, io.signal).catch(async (error: unknown) => {
            // it may open all the same, and nobody would end it
            void opening.then((late) => late.discard()).catch(() => undefined);
            throw error;
          });
          // on a terminal the object itself is what shows
          if (target.path !== '-' || io.stdout.isTTY !== true)
            progress = await reporter.progress(posix.basename(object.key), object.size, io.signal);
          return sink;
        },
        onProgress: (bytes) => progress?.update(bytes),
        onResumed: (bytes) => progress?.resumed(bytes),
        onRetry: () => progress?.retry(),
        onNotice: (message) => reporter.notice(message),
      }),
    });
    const { key, result } = await keys
      .open(client, address, getWith, io.signal)
      .catch((error: unknown) => {
        throw withKeyHints(error, address, settings, io);
      })
      .then((done) => {
        progress?.stop('done');
        return done;
      })
      .finally(() => progress?.stop());
    if (!result.encrypted)
      reporter.notice(`${formatObjectAddress(address)} is not encrypted with a customer key`);
    if (target.path === '-') return;
    await reporter.result(getRecord(result, target.shown, key, reporter.redactor), target.shown);
  });
}

function resolveSource(source: string | undefined, settings: Settings): ObjectAddress {
  const text = source ?? settings.objectKey?.value;
  if (text === undefined) {
    throw new SsecError('USAGE', 'No object was named.', {
      hints: ['ssec get OBJECT', 'or set KEY in .env'],
    });
  }
  const given = source === undefined ? undefined : parseObjectAddress(text);
  const address = { bucket: bucketOf(settings, given?.bucket), key: given?.key ?? text };
  checkObjectKey(address.key);
  return address;
}

interface Target {
  /** Where it goes; `-` = stdout. */
  readonly path: string;
  /** The same as the user wrote it, or relative to where they are. */
  readonly shown: string;
  /** A file of our own choosing in `tmp/`. */
  readonly temporary: boolean;
}

async function resolveTarget(address: ObjectAddress, options: GetOptions, io: Io): Promise<Target> {
  const output = options.output !== undefined && isStdout(options.output) ? '-' : options.output;
  if (output === '-') return { path: '-', shown: '-', temporary: false };
  if (output === '') throw new SsecError('USAGE', '-o is empty.');
  if (output === undefined) return temporaryTarget(randomUUID() + safeExtension(address.key), io);
  const isFolder =
    /[/\\]$/.test(output) ||
    (await stat(resolve(io.cwd, output)).catch(() => undefined))?.isDirectory() === true;
  if (!isFolder) return { path: resolve(io.cwd, output), shown: output, temporary: false };
  const name = posix.basename(address.key);
  if (address.key.endsWith('/') || ['', '.', '..'].includes(name) || /[\0\\]/.test(name)) {
    throw new SsecError('USAGE', `The end of ${formatObjectAddress(address)} cannot be a file name.`, {
      hints: ['name the file: -o FILE'],
    });
  }
  return { path: resolve(io.cwd, output, name), shown: join(output, name), temporary: false };
}

function temporaryTarget(name: string, io: Io): Target {
  return { path: resolve(io.cwd, 'tmp', name), shown: posix.join('tmp', name), temporary: true };
}

/** The object's extension, where it is one that a file may have. */
function safeExtension(key: string): string {
  const extension = posix.extname(key);
  return /^\.[A-Za-z0-9_+-]{1,16}$/.test(extension) ? extension : '';
}

async function openTarget(
  target: Target,
  options: GetOptions,
  io: Io,
  earlier: EarlierDownload | undefined,
): Promise<Sink> {
  if (target.path === '-')
    return io.stdout.isTTY === true ? terminalSink(io.stdout) : streamSink(io.stdout, 'stdout');
  if (target.temporary) {
    await mkdir(resolve(io.cwd, 'tmp'), { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw systemErrorCode(error) === 'EEXIST'
        ? new SsecError('FILE_UNWRITABLE', '"tmp" is a file, not a folder.', {
            hints: ['name another place: -o FILE'],
          })
        : unwritable('tmp', error);
    });
  }
  return openFileTarget(target.path, {
    name: target.shown,
    noOverwrite: !options.overwrite,
    ...(earlier === undefined ? {} : { temporaryName: earlier.temporaryName }),
    ...(target.temporary ? { mode: 0o600 } : {}),
  });
}

/** The download must not replace the key that opens it, be it a key file or the env file with the key in it. */
async function refuseKeyFile(target: Target, settings: Settings, io: Io): Promise<void> {
  if (target.path === '-') return;
  const written = await realpath(target.path).catch(() => target.path);
  if (!(await ownFiles(settings, io)).has(written)) return;
  throw ownFileRefused(target.shown, 'name another file: -o FILE');
}

/** @see https://www.rfc-editor.org/rfc/rfc9110#name-byte-ranges */
function parseRange(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const match = /^(?:bytes=)?(?:(\d+)-(\d*)|-(\d+))$/.exec(text);
  const [, from, to] = match ?? [];
  if (match === null || (from !== undefined && to !== undefined && to !== '' && Number(to) < Number(from))) {
    throw new SsecError('USAGE', `"${text}" is not a range of bytes.`, {
      hints: ['--range 0-99 (the first hundred), --range 100- (the rest), --range=-100 (the last hundred)'],
    });
  }
  return `bytes=${text.replace(/^bytes=/, '')}`;
}
