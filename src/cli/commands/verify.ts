import { posix } from 'node:path';
import type { Command } from 'commander';
import type { SsecClient } from '../../client.ts';
import { SsecError } from '../../errors.ts';
import type { ObjectVersion } from '../../object-version.ts';
import type { Settings } from '../../settings/settings.ts';
import type { Source } from '../../transfer/source.ts';
import type { VerifyObjectOptions } from '../../verify-object.ts';
import {
  type SelectionOptions,
  addSelectionOptions,
  refuseWithoutRecursive,
} from '../batch/selection-options.ts';
import { withKeyHints } from '../download.ts';
import { namedObjects } from '../named-objects.ts';
import { addReadOptions, addTagKey, addVersionId } from '../options.ts';
import type { Progress } from '../output/reporter.ts';
import { type Verdict, verdictLine, verdictRecord } from '../output/verdict.ts';
import type { Act } from '../program.ts';
import { type NamedKey, OpeningKeys } from '../ring.ts';
import { type CommandContext, loadSettings, withClient } from '../session.ts';
import { inFolder } from '../upload-source.ts';

export interface VerifyOptions extends SelectionOptions {
  readonly versionId?: string;
  readonly locked?: boolean;
  readonly read?: boolean;
}

export const VERIFY_MANY = 'ssec verify -r PREFIX';

export function addVerify(program: Command, act: Act): void {
  const command = program
    .command('verify')
    .description('prove that objects open under the key, and hold what they should')
    .argument('[address]', 'object key or s3://bucket/key (default: KEY)')
    .argument('[file]', 'what it must hold')
    .optionsGroup('Object:');
  addVersionId(command)
    .option('--locked', 'prove, too, that S3 refuses it without the key and with another')
    .option('--read', 'download it, also where S3 holds a checksum; nothing is kept')
    .optionsGroup('Options:');
  addTagKey(command, 'ask first which key the object is tagged with');
  addSelectionOptions(command, {
    heading: 'Many objects:',
    recursive: 'every object under the prefix ADDRESS',
    what: 'objects',
  });
  addReadOptions(command).addHelpText(
    'after',
    `
Prints a line for each object that is as it should be: address, proof, key.
The proof is one of these:
  CRC32 agrees       what was read, or FILE, has the checksum that S3 holds
  CRC32 stored       S3 holds one, compared with nothing: FILE or --read does it
  every byte is ...  S3 holds none; what was read is what FILE holds
  no checksum ...    S3 holds none; all of it was read, and the size agrees
An object without a customer key is a failure (6), as is one that --locked finds open; other content is 7. With -r, each
failure has its line on stderr, and the exit code is 3.

Examples:
  ssec verify sample.jpg
  ssec verify sample.jpg ~/photos/sample.jpg --locked
  ssec verify s3://other/2026/report.pdf --read
  ssec verify -r photos/ --locked --json | jq -r .Proof`,
  );
  command.action((word: string | undefined, file: string | undefined, options: VerifyOptions) =>
    act(command, async (context) => {
      if (options.recursive !== true) return verify(context, word, file, options);
      const { verifyPrefix } = await import('./verify-prefix.ts');
      return verifyPrefix(context, word, file, options);
    }),
  );
}

async function verify(
  context: CommandContext,
  word: string | undefined,
  file: string | undefined,
  options: VerifyOptions,
): Promise<void> {
  refuseWithoutRecursive(options, VERIFY_MANY);
  const settings = await loadSettings(context, { usesKey: true });
  const [object] = namedObjects([wordOrKey(word, settings)], settings, options.versionId);
  if (object === undefined) throw new SsecError('INTERNAL', 'No object was made of a word.');
  const keys = await OpeningKeys.load(context, settings);
  const source = file === undefined ? undefined : await openOwn(file, context);
  try {
    await withClient(context, settings, async (client) => {
      const { io, reporter } = context;
      let progress: Progress | undefined;
      const verification = new Verification(context, client, keys, settings, options);
      try {
        const verdict = await verification.of(object, io.signal, {
          file: source,
          onRead: async ({ size }) => {
            progress = await reporter.progress(posix.basename(object.key), size, io.signal);
          },
          onProgress: (bytes) => progress?.update(bytes),
          onRetry: () => progress?.retry(),
        });
        progress?.stop('done');
        await verification.tell(verdict);
      } finally {
        progress?.stop();
      }
    });
  } finally {
    await source?.close();
  }
}

function wordOrKey(word: string | undefined, settings: Settings): string {
  const text = word ?? settings.objectKey?.value;
  if (text !== undefined) return text;
  throw new SsecError('USAGE', 'No object was named.', {
    hints: ['ssec verify OBJECT', 'or set KEY in .env'],
  });
}

async function openOwn(file: string, { io }: CommandContext): Promise<Source> {
  if (file === '-')
    throw new SsecError('USAGE', 'An object is verified against a file, and not against stdin.', {
      hints: ['name a file: ssec verify OBJECT FILE'],
    });
  const { openFile } = await import('../../transfer/small-file.ts');
  return openFile(inFolder(io.cwd, file), file);
}

type Reading = Pick<VerifyObjectOptions, 'file' | 'onRead' | 'onProgress' | 'onRetry'>;

/** Verifies objects of one run, and tells of them. */
export class Verification {
  readonly #context: CommandContext;
  readonly #client: SsecClient;
  readonly #keys: OpeningKeys;
  readonly #settings: Settings;
  readonly #options: VerifyOptions;

  constructor(
    context: CommandContext,
    client: SsecClient,
    keys: OpeningKeys,
    settings: Settings,
    options: VerifyOptions,
  ) {
    this.#context = context;
    this.#client = client;
    this.#keys = keys;
    this.#settings = settings;
    this.#options = options;
  }

  async of(object: ObjectVersion, signal: AbortSignal, reading: Reading): Promise<Verdict> {
    const { io, reporter } = this.#context;
    const { verifyObject } = await import('../../verify-object.ts');
    const use = async (key: NamedKey | undefined): Promise<Verdict> => ({
      key,
      file: reading.file?.name,
      result: await verifyObject({
        client: this.#client,
        ...object,
        customerKey: key?.customerKey,
        read: this.#options.read,
        locked: this.#options.locked,
        ...reading,
        onNotice: (message) => reporter.notice(message),
        signal,
      }),
    });
    return this.#keys.open(this.#client, object, use, signal).catch((error: unknown) => {
      // to get it without a key would be no way to verify it
      const isPlain = error instanceof SsecError && error.code === 'KEY_NOT_NEEDED';
      throw isPlain ? error : withKeyHints(error, object, this.#settings, io);
    });
  }

  async tell(verdict: Verdict): Promise<void> {
    const { reporter } = this.#context;
    const line = reporter.redactor.clean(verdictLine(verdict));
    await reporter.result(() => verdictRecord(verdict, reporter.redactor), line);
  }
}
