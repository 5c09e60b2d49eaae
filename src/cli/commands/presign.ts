import { type Command, InvalidArgumentError, Option } from 'commander';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { posix, resolve } from 'node:path';
import type { SsecClient } from '../../client.ts';
import { SsecError } from '../../errors.ts';
import type { CustomerKey } from '../../keys/customer-key.ts';
import { exportKey } from '../../keys/export-key.ts';
import { writeSecretFile } from '../../keys/key-file.ts';
import {
  type ObjectAddress,
  checkObjectKey,
  formatObjectAddress,
  parseObjectAddress,
} from '../../object-address.ts';
import { type ObjectVersion, checkVersionId } from '../../object-version.ts';
import type { PresignedRequest } from '../../presign.ts';
import { shellWord } from '../../shell-word.ts';
import { gitWarning } from '../git-ignore.ts';
import { addKeyFormat, addOutputOptions, addSettingOptions, addVersionId } from '../options.ts';
import type { Act } from '../program.ts';
import { OpeningKeys } from '../ring.ts';
import { loadWriteKey } from '../upload.ts';
import { type CommandContext, bucketOf, loadSettings, withClient } from '../session.ts';
import { missingKeyHints } from '../../settings/missing-key-hints.ts';

interface PresignOptions {
  readonly expires: number;
  readonly versionId?: string;
  readonly urlOnly?: boolean;
  readonly headers?: 'json';
  readonly headerFile?: string;
  readonly allowWeakKey?: boolean;
}

const DEFAULT_HEADER_FILE = 'ssec-headers';

export function addPresign(program: Command, act: Act): void {
  const presign = program
    .command('presign')
    .description('a URL for one object, for whoever has the key and no credentials')
    .addHelpText(
      'after',
      '\nExamples:\n  ssec presign get photo.jpg\n  ssec presign put incoming/report.pdf --expires 7d',
    );
  addOne(presign, act, 'get', 'a URL to download an object with');
  addOne(presign, act, 'put', 'a URL to upload an object with');
}

function addOne(presign: Command, act: Act, method: 'get' | 'put', description: string): void {
  const command = presign
    .command(method)
    .description(description)
    .argument('<object>', 'object key, or s3://bucket/key');
  // a PUT makes a version, and S3 names it
  if (method === 'get') addVersionId(command.optionsGroup('Object:')).optionsGroup('Options:');
  command
    .addOption(
      new Option('--expires <time>', 'how long it is valid: 90s, 15m, 12h, 7d')
        .argParser(parseDuration)
        .default(3600, '1h'),
    )
    .option(
      '--header-file <file>',
      'write the headers that must go with it, the key among them, into a new file',
    )
    .option('--url-only', 'print the URL alone')
    .addOption(
      new Option('--headers <form>', 'print URL and headers as JSON, the key left out').choices(['json']),
    )
    .addHelpText(
      'after',
      `
Prints a curl line. The URL holds no key; S3 takes the key as a header, whose value is signed, so that only this key
works. Hence a browser cannot open the URL. The line reads the headers from a file; -H @FILE of curl keeps the key out
of the process list. Give whoever gets the URL that file by another way.
It ends with the credentials that signed it: temporary ones may end before --expires.

Examples:
  ssec presign ${method} photo.jpg --header-file headers
  ssec presign ${method} s3://my-bucket/photo.jpg --expires 15m --url-only${
    method === 'get' ? '\n  ssec presign get report.pdf --version-id 3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY' : ''
  }`,
    );
  if (method === 'put')
    command.addOption(
      new Option('--allow-weak-key', 'sign for a key of 32 printable characters').helpGroup('Key:'),
    );
  addOutputOptions(
    addKeyFormat(addSettingOptions(command, ['target', 'key', 'identity', 'endpoint', 'region'])),
  );
  command.action((object: string, options: PresignOptions) =>
    act(command, (context) => presignOne(context, method, object, options)),
  );
}

async function presignOne(
  context: CommandContext,
  method: 'get' | 'put',
  object: string,
  options: PresignOptions,
): Promise<void> {
  const settings = await loadSettings(context, { usesKey: true });
  const given = parseObjectAddress(object);
  const { versionId } = options;
  checkVersionId(versionId);
  const address: ObjectVersion = {
    bucket: bucketOf(settings, given?.bucket),
    key: given?.key ?? object,
    ...(versionId === undefined ? {} : { versionId }),
  };
  checkObjectKey(address.key);
  const writing = method === 'put' ? await loadWriteKey(context, settings, options) : undefined;
  const opening = method === 'get' ? await OpeningKeys.load(context, settings) : undefined;
  await withClient(context, settings, async (client) => {
    const customerKey =
      writing?.customerKey ?? (await openingKey(opening, client, address, context.io.signal));
    if (customerKey === undefined) {
      throw new SsecError('KEY_MISSING', 'No customer key was given, and none is signed.', {
        hints: missingKeyHints(context.io.env),
      });
    }
    const library = await import('../../presign.ts');
    const signed = await library.presign({
      client,
      ...address,
      method: method === 'get' ? 'GET' : 'PUT',
      customerKey,
      expiresIn: options.expires,
    });
    await tell(context, address, signed, customerKey, options);
  });
}

/** Of a ring the one that opens the object, which is asked for; else the one that was named. */
async function openingKey(
  keys: OpeningKeys | undefined,
  client: SsecClient,
  address: ObjectVersion,
  signal: AbortSignal,
): Promise<CustomerKey | undefined> {
  if (keys === undefined || keys.size === 0) return undefined;
  if (keys.one !== undefined) return keys.one.customerKey;
  const found = await keys.find(client, address, signal);
  if (found.kind === 'key') return found.ringKey.customerKey;
  const { noneFits } = await import('../../key-finder.ts');
  if (found.kind === 'unknown') throw noneFits(address, found.tried);
  throw new SsecError(
    'KEY_NOT_NEEDED',
    `${formatObjectAddress(address)} is not encrypted with a customer key.`,
    {
      hints: [`a plain URL will do: aws s3 presign ${shellWord(formatObjectAddress(address))}`],
    },
  );
}

async function tell(
  context: CommandContext,
  address: ObjectVersion,
  signed: PresignedRequest,
  customerKey: CustomerKey,
  options: PresignOptions,
): Promise<void> {
  const { io, reporter } = context;
  const file = options.headerFile ?? DEFAULT_HEADER_FILE;
  if (options.headerFile !== undefined) {
    const content = exportKey(customerKey, 'curl');
    const before = await readFile(resolve(io.cwd, file)).catch(() => undefined);
    // a URL that is made anew goes with the same headers
    if (before?.equals(content) !== true) await writeSecretFile(resolve(io.cwd, file), file, content);
    const exposed = await gitWarning(io, file);
    if (exposed !== undefined) reporter.warning(...exposed);
  }
  // by what is in them: their order must not decide whether the key shows
  const shown = Object.fromEntries(
    Object.entries(signed.headers).map(([name, value]) => {
      if (value === customerKey.toBase64()) return [name, null];
      return [name, value === customerKey.md5 ? (customerKey.fingerprint ?? null) : value];
    }),
  );
  const record = {
    type: 'presign',
    Bucket: address.bucket,
    Key: address.key,
    VersionId: address.versionId ?? null,
    Method: signed.method,
    URL: signed.url,
    Expires: signed.expires.toISOString(),
    Headers: shown,
    HeaderFile: options.headerFile ?? null,
  };
  if (options.headers === 'json') {
    await reporter.result(record, JSON.stringify(record));
    return;
  }
  await reporter.result(record, options.urlOnly === true ? signed.url : curlLine(address, signed, file));
  if (options.urlOnly !== true && options.headerFile === undefined && !existsSync(resolve(io.cwd, file)))
    reporter.notice(`"${file}" is not there yet; --header-file ${file} writes it, with the key in it`);
}

function curlLine({ key }: ObjectAddress, { method, url }: PresignedRequest, headerFile: string): string {
  const name = shellWord(posix.basename(key) || 'object');
  const what = method === 'GET' ? `-o ${name}` : `-T ${name}`;
  // as it is: curl would take braces for patterns, and dots for folders
  return `curl --fail --globoff --path-as-is -H @${shellWord(headerFile)} ${what} '${url}'`;
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** @returns seconds */
function parseDuration(text: string): number {
  const [, amount, unit = 's'] = /^(\d{1,7})([smhd]?)$/.exec(text) ?? [];
  if (amount === undefined) throw new InvalidArgumentError('It is a time like 90s, 15m, 12h or 7d.');
  return Number(amount) * (UNITS[unit === '' ? 's' : unit] ?? 1);
}
