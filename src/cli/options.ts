import { type Command, InvalidArgumentError, Option } from 'commander';
import { SETTINGS, type SettingDefinition, type SettingName } from '../settings/setting-table.ts';
import type { SsecClientOptions } from '../client.ts';
import { type OutputOptions, PROGRESS_MODES } from './output/reporter.ts';

/** `--json`, `--quiet`, `--verbose`: on every command. */
export function addOutputOptions(command: Command): Command {
  return command
    .optionsGroup('Output:')
    .option('--json', 'print one JSON object a line')
    .option('-q, --quiet', 'print nothing on stderr but errors')
    .option('-v, --verbose', 'show requests, retries and timings on stderr')
    .optionsGroup('Options:');
}

const GROUP_HEADINGS: Readonly<Record<SettingDefinition['group'], string>> = {
  target: 'Target:',
  key: 'Key:',
  identity: 'Identity:',
  endpoint: 'Endpoint:',
  region: 'Endpoint:',
};

/**
 * The settings of a command that talks to S3, as flags; help shows where else each may stand.
 *
 * @param except whose flags the command has itself
 */
export function addSettingOptions(
  command: Command,
  groups: readonly SettingDefinition['group'][],
  except: readonly SettingName[] = [],
): Command {
  for (const [name, definition] of Object.entries<SettingDefinition>(SETTINGS)) {
    if (definition.flag === undefined || !groups.includes(definition.group)) continue;
    if (except.includes(name as SettingName)) continue;
    const fallback = definition.default === undefined ? '' : `, else ${definition.default}`;
    const option = new Option(
      definition.flag,
      `${definition.help} (${definition.variables.join(', ')}${fallback})`,
    );
    option.helpGroup(GROUP_HEADINGS[definition.group]);
    command.addOption(option);
  }
  // not --env-file: Node.js takes that for itself wherever it stands, and reads the file before we start
  return command.addOption(
    new Option('--env <file>', 'settings from this file instead of ./.env (SSEC_ENV_FILE)').helpGroup(
      GROUP_HEADINGS.target,
    ),
  );
}

/** Where the settings of the key ring may stand. */
export function addRingOptions(command: Command): Command {
  return command.option('--env <file>', 'SSEC_KEYRING from this file (SSEC_ENV_FILE)');
}

/** The flags that stand on the command line; a default of commander's is no flag. */
export function flagLayer(command: Command): Partial<Record<SettingName, string>> {
  const flags: Partial<Record<SettingName, string>> = {};
  for (const [name, definition] of Object.entries<SettingDefinition>(SETTINGS)) {
    if (definition.flag === undefined) continue;
    const attribute = new Option(definition.flag).attributeName();
    const value: unknown = command.getOptionValue(attribute);
    if (command.getOptionValueSource(attribute) === 'cli' && typeof value === 'string')
      flags[name as SettingName] = value;
  }
  return flags;
}

/** How a key file is to be read. */
export function addKeyFormat(command: Command): Command {
  return command.addOption(
    new Option('--key-format <format>', 'text: the key file holds 32 printable characters that are the key')
      .choices(['auto', 'text'])
      .default('auto')
      .helpGroup(GROUP_HEADINGS.key),
  );
}

/** What a command that names one object can be told of it. */
export function addVersionId(command: Command): Command {
  return command.option('--version-id <id>', 'that version of the object, in a bucket with versions');
}

/** @param what it does here */
export function addTagKey(command: Command, what: string): Command {
  return command.addOption(new Option('--tag-key', `${what} (SSEC_TAG_KEY=1)`).helpGroup(GROUP_HEADINGS.key));
}

/** What `put` and `get` share. */
export function addTransferOptions(command: Command): Command {
  addReadOptions(command).addOption(
    new Option('--no-resume', 'note nothing, and go on with nothing that was cut off').helpGroup('Transfer:'),
  );
  return command;
}

/** What every command has that reads content: every setting, the form of the key, and how to tell. */
export function addReadOptions(command: Command): Command {
  addSettingOptions(command, ['target', 'key', 'identity', 'endpoint', 'region']);
  addKeyFormat(command);
  command
    .optionsGroup('Transfer:')
    .option('--concurrency <n>', 'requests at once (default: 4 parts, 16 small objects)', parseCount)
    .option(
      '--max-attempts <n>',
      'tries of a request; a part of a large object gets as many rounds of them (default: 3)',
      parseCount,
    )
    .option(
      '--timeout <seconds>',
      'a connection on which nothing moves for so long is cut (default: 60)',
      parseSeconds,
    );
  command.addOption(
    new Option('--progress <mode>', 'auto: a bar on a terminal; json: lines for programs, on stderr')
      .choices(PROGRESS_MODES)
      .default('auto')
      .helpGroup('Output:'),
  );
  return addOutputOptions(command);
}

/** What `--concurrency`, `--max-attempts` and `--timeout` say. */
export function clientOptions(
  command: Command,
): Pick<SsecClientOptions, 'concurrency' | 'maxAttempts' | 'maxSockets' | 'socketTimeoutMs'> {
  const { concurrency, maxAttempts, timeout } = command.opts<{
    concurrency?: number;
    maxAttempts?: number;
    timeout?: number;
  }>();
  return {
    ...(concurrency === undefined ? {} : { concurrency, maxSockets: concurrency }),
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    ...(timeout === undefined ? {} : { socketTimeoutMs: timeout * 1000 }),
  };
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > 1000)
    throw new InvalidArgumentError('It is a number from 1 to 1000.');
  return count;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || seconds < 0.1 || seconds > 86_400)
    throw new InvalidArgumentError('It is a number of seconds from 0.1 to 86400.');
  return seconds;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/** `8MiB`, `64M`, `5GiB`, `8388608`: powers of 1024, as S3 counts. */
export function parseSize(text: string): number {
  const [, number, unit = ''] = /^(\d+)([KMG]?)(?:i?B)?$/i.exec(text) ?? [];
  const bytes = Number(number) * (UNITS[unit.toUpperCase()] ?? Number.NaN);
  if (!Number.isSafeInteger(bytes))
    throw new InvalidArgumentError('It is a number of bytes: 8MiB, 64M, 8388608.');
  return bytes;
}

export function outputOptions(command: Command): OutputOptions {
  const { json, quiet, verbose, progress = 'auto' } = command.opts<Partial<OutputOptions>>();
  return { json: json === true, quiet: quiet === true, verbose: verbose === true, progress };
}

/** A value that goes out as a header. */
export function parseHeaderValue(text: string): string {
  if (!/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text))
    throw new InvalidArgumentError('It is printable ASCII.');
  return text;
}

/** Collects `--tag name=value`, given as often as wanted; what S3 takes is looked at later, all together. */
export function collectTag(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  const name = text.slice(0, at);
  if (at < 1) throw new InvalidArgumentError('Write it as name=value.');
  if (name === '__proto__' || Object.hasOwn(before, name))
    throw new InvalidArgumentError(`"${name}" cannot be given here, or twice.`);
  return { ...before, [name]: text.slice(at + 1) };
}

/** Collects `--metadata name=value`, given as often as wanted. */
export function collectMetadata(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  const name = text.slice(0, at).toLowerCase();
  if (at < 1 || !/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name))
    throw new InvalidArgumentError('Write it as name=value.');
  if (name === '__proto__' || Object.hasOwn(before, name))
    throw new InvalidArgumentError(`"${name}" cannot be given here, or twice.`);
  const value = text.slice(at + 1);
  if (!/^[\x20-\x7e]*$/.test(value))
    throw new InvalidArgumentError('Values are printable ASCII; encode the rest.');
  return { ...before, [name]: value };
}
