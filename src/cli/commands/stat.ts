import type { Command } from 'commander';
import type { SsecClient } from '../../client.ts';
import { SsecError } from '../../errors.ts';
import { formatObjectAddress } from '../../object-address.ts';
import type { ObjectParts } from '../../object-parts.ts';
import type { ObjectVersion } from '../../object-version.ts';
import type { Settings } from '../../settings/settings.ts';
import { eachObject } from '../batch/each-object.ts';
import { withKeyHints } from '../download.ts';
import { namedObjects } from '../named-objects.ts';
import { addKeyFormat, addOutputOptions, addSettingOptions, addTagKey, addVersionId } from '../options.ts';
import { type ObjectFacts, statLines, statRecord } from '../output/object-facts.ts';
import type { Act } from '../program.ts';
import { type NamedKey, OpeningKeys } from '../ring.ts';
import { type CommandContext, loadSettings, withClient } from '../session.ts';

interface StatOptions {
  readonly versionId?: string;
}

export function addStat(program: Command, act: Act): void {
  const command = program
    .command('stat')
    .description('show what S3 knows of objects: size, time, checksum, which key, ...')
    .argument('[address...]', 'object key or s3://bucket/key (default: KEY)')
    .optionsGroup('Object:');
  addVersionId(command).optionsGroup('Options:');
  addTagKey(command, 'ask first which key the object is tagged with');
  addSettingOptions(command, ['target', 'key', 'identity', 'endpoint', 'region']);
  addKeyFormat(command);
  addOutputOptions(command).addHelpText(
    'after',
    `
Prints the address, and under it a fact a line, as S3 calls it. Nothing of the content is read. The key is found as
get finds it; an object that none opens is an error, and one without a customer key is not.
Of an object that was put in parts, GetObjectAttributes tells the parts (s3:GetObjectAttributes; not every server has it).
--tag-key is one request more, and needs s3:GetObjectTagging.

Examples:
  ssec stat sample.jpg
  ssec stat s3://other/2026/report.pdf s3://other/2026/report.txt
  ssec stat sample.jpg --json | jq -r .KeyName`,
  );
  command.action((words: readonly string[], options: StatOptions) =>
    act(command, (context) => stat(context, words, options)),
  );
}

async function stat(context: CommandContext, words: readonly string[], options: StatOptions): Promise<void> {
  const settings = await loadSettings(context, { usesKey: true });
  const objects = namedObjects(wordsOrKey(words, settings), settings, options.versionId);
  const keys = await OpeningKeys.load(context, settings);
  await withClient(context, settings, async (client) => {
    const look = new Look(context, client, keys, settings);
    await eachObject(
      context,
      objects,
      (object) => look.at(object),
      (facts) => tell(context, facts),
    );
  });
}

function wordsOrKey(words: readonly string[], settings: Settings): readonly string[] {
  if (words.length > 0) return words;
  if (settings.objectKey !== undefined) return [settings.objectKey.value];
  throw new SsecError('USAGE', 'No object was named.', {
    hints: ['ssec stat OBJECT', 'or set KEY in .env'],
  });
}

/** Finds out about objects of one run. */
class Look {
  readonly #context: CommandContext;
  readonly #client: SsecClient;
  readonly #keys: OpeningKeys;
  readonly #settings: Settings;
  #knowsParts = true;

  constructor(context: CommandContext, client: SsecClient, keys: OpeningKeys, settings: Settings) {
    this.#context = context;
    this.#client = client;
    this.#keys = keys;
    this.#settings = settings;
  }

  async at(object: ObjectVersion): Promise<ObjectFacts> {
    const { io } = this.#context;
    const { headObject } = await import('../../head-object.ts');
    const use = async (key: NamedKey | undefined) => ({
      key,
      head: await headObject({
        client: this.#client,
        ...object,
        customerKey: key?.customerKey,
        signal: io.signal,
      }),
    });
    const { key, head } = await this.#keys
      .open(this.#client, object, use, io.signal)
      .catch((error: unknown) => {
        // that, too, is what was asked
        if (error instanceof SsecError && error.code === 'KEY_NOT_NEEDED') return use(undefined);
        throw withKeyHints(error, object, this.#settings, io);
      });
    return { head, key: head.encrypted ? key : undefined, parts: await this.#parts(object, key, head.etag) };
  }

  /** The ETag of what was put in parts ends with their number. */
  async #parts(
    object: ObjectVersion,
    key: NamedKey | undefined,
    etag: string | undefined,
  ): Promise<ObjectParts | undefined> {
    const { io, reporter } = this.#context;
    const count = Number(/-(\d+)"?$/.exec(etag ?? '')?.[1] ?? 0);
    if (count === 0) return undefined;
    const counted = { count, parts: [] };
    if (!this.#knowsParts) return counted;
    const { objectParts } = await import('../../object-parts.ts');
    try {
      const asked = { client: this.#client, ...object, customerKey: key?.customerKey, signal: io.signal };
      return (await objectParts(asked)) ?? counted;
    } catch (error) {
      io.signal.throwIfAborted();
      if (error instanceof SsecError && error.code === 'NOT_SUPPORTED') this.#knowsParts = false;
      reporter.detail(
        `the parts of ${formatObjectAddress(object)} are not told: ${error instanceof Error ? error.message : ''}`,
      );
      return counted;
    }
  }
}

async function tell({ reporter }: CommandContext, facts: ObjectFacts): Promise<void> {
  const { redactor } = reporter;
  const { type, Bucket, Key, ...told } = statRecord(facts);
  const record = { type, Bucket, Key, ...redactor.strikeMembers(told) };
  const lines = statLines(facts, told).map((line) => redactor.clean(line));
  await reporter.result(record, lines.join('\n'));
  if (!facts.head.encrypted)
    reporter.notice(`${formatObjectAddress(facts.head)} is not encrypted with a customer key`);
}
