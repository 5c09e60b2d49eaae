import { realpath } from 'node:fs/promises';
import { platform } from 'node:os';
import { resolve } from 'node:path';
import type { SsecClient } from '../client.ts';
import { SsecError, withHints } from '../errors.ts';
import type { GetObjectResult } from '../get-object.ts';
import { KeyRing } from '../keys/key-ring.ts';
import { type ObjectAddress, formatObjectAddress } from '../object-address.ts';
import { keyRingFolder } from '../settings/key-ring-folder.ts';
import { foreignKeyHints } from '../settings/missing-key-hints.ts';
import type { Settings } from '../settings/settings.ts';
import { shellWord } from '../shell-word.ts';
import type { JournalPlace } from '../transfer/transfer-journal.ts';
import type { Io } from './io.ts';
import { checksumFields } from './output/checksum-fields.ts';
import type { Redactor } from './output/redactor.ts';
import type { JsonRecord } from './output/reporter.ts';
import type { NamedKey } from './ring.ts';
import { type CommandContext, journalFolder } from './session.ts';

const STDOUT = /^(?:-|\/dev\/stdout|\/dev\/fd\/1|\/proc\/self\/fd\/1)$/;

/** Whether a path is a name of our own stdout. */
export function isStdout(path: string): boolean {
  return STDOUT.test(path);
}

/** What is told of a download that is done. */
export function getRecord(
  result: GetObjectResult,
  path: string,
  key: NamedKey | undefined,
  redactor: Redactor,
): JsonRecord {
  return {
    type: 'get',
    Bucket: result.bucket,
    Key: result.key,
    Path: path,
    Size: result.size,
    SSECustomerAlgorithm: result.encrypted ? 'AES256' : null,
    SSECustomerKeyMD5: result.encrypted ? (key?.customerKey.fingerprint ?? null) : null,
    KeyName: result.encrypted ? (key?.name ?? null) : null,
    ...redactor.strikeMembers({
      VersionId: result.versionId ?? null,
      ContentRange: result.contentRange ?? null,
      ETag: result.etag ?? null,
      LastModified: result.lastModified?.toISOString() ?? null,
      ContentType: result.contentType ?? null,
      Metadata: result.metadata,
      ...checksumFields(result.checksum),
    }),
    Proof: result.proof,
  };
}

/** What can be done about a key too few or too many depends on what is set, and where. */
export function withKeyHints(error: unknown, address: ObjectAddress, settings: Settings, io: Io): unknown {
  if (!(error instanceof SsecError)) return error;
  if (error.code === 'KEY_MISSING') return withHints(error, foreignKeyHints(io.env));
  if (error.code !== 'KEY_NOT_NEEDED') return error;
  const { key } = settings;
  if (key.kind === 'none' || key.kind === 'ring') return error;
  const unset = key.origin.name.startsWith('SSEC_') ? `${key.origin.name}= ` : '';
  const command = `${unset}SSE_CUSTOMER_KEY_BASE64= ssec get ${shellWord(formatObjectAddress(address))}`;
  return new SsecError(error.code, error.message, {
    hints: [`get it without one: ${command}`],
    cause: error.cause,
    context: error.context,
  });
}

/** Where a download is noted, so that the same command goes on with it. @param file `*` = any in that folder */
export function downloadJournal(
  context: CommandContext,
  client: SsecClient,
  address: ObjectAddress,
  file: string,
  versionId?: string,
): JournalPlace | undefined {
  const folder = journalFolder(context);
  if (folder === undefined) return undefined;
  const version = versionId === undefined ? [] : [versionId];
  return { folder, target: ['get', client.endpoint ?? '', address.bucket, address.key, file, ...version] };
}

/** Real paths of the key file, of the env file with the key in it and of the key ring's files, which no transfer of many may touch. */
export async function ownFiles(settings: Settings, io: Io): Promise<ReadonlySet<string>> {
  const files = [
    settings.key.kind === 'file' && settings.key.value !== '-' ? settings.key.value : undefined,
    settings.envFilePath,
    ...(await ringFiles(settings, io)),
  ].filter((file) => file !== undefined);
  return new Set(
    await Promise.all(
      files.map((file) => realpath(resolve(io.cwd, file)).catch(() => resolve(io.cwd, file))),
    ),
  );
}

async function ringFiles(settings: Settings, io: Io): Promise<string[]> {
  // the one that is usually there holds keys whatever is set today
  const named = keyRingFolder(settings, io.env, platform());
  const usual = keyRingFolder({ keyring: undefined }, io.env, platform());
  const folders = new Set([named, usual].filter((folder) => folder !== undefined));
  const lists = await Promise.all([...folders].map((folder) => KeyRing.files(resolve(io.cwd, folder))));
  return lists.flat();
}

/** What is in the way of a file that holds the settings or the key. */
export function ownFileRefused(shown: string, hint: string): SsecError {
  return new SsecError(
    'USAGE',
    `"${shown}" holds your settings or your key; the download would replace it.`,
    {
      hints: [hint],
    },
  );
}
