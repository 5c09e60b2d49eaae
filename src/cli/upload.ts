import { resolve } from 'node:path';
import type { SsecClient } from '../client.ts';
import { SsecError } from '../errors.ts';
import type { CustomerKey } from '../keys/customer-key.ts';
import { type ObjectAddress, formatObjectAddress } from '../object-address.ts';
import type { PutObjectOptions, PutObjectResult, UploadChecksum } from '../put-request.ts';
import { missingKeyHints } from '../settings/missing-key-hints.ts';
import type { Settings } from '../settings/settings.ts';
import type { JournalPlace } from '../transfer/transfer-journal.ts';
import { tagsKeys, tagsWithKey } from './key-tags.ts';
import { checksumFields } from './output/checksum-fields.ts';
import type { Redactor } from './output/redactor.ts';
import type { JsonRecord, Reporter } from './output/reporter.ts';
import { type NamedKey, namedOrDefaultKey } from './ring.ts';
import { type CommandContext, journalFolder } from './session.ts';

/** What `put` is told of each object, be it one or many. */
export interface UploadOptions {
  readonly overwrite: boolean;
  readonly metadata?: Record<string, string>;
  readonly contentType?: string;
  readonly storageClass?: string;
  readonly tag?: Record<string, string>;
  readonly checksum: UploadChecksum;
  readonly partSize?: number;
  readonly allowWeakKey?: boolean;
}

/** The same, as the library takes it; the content type goes by the name and is not in it. */
export function uploadFields(
  options: UploadOptions,
): Pick<PutObjectOptions, 'checksum' | 'noOverwrite' | 'partSize' | 'metadata' | 'storageClass' | 'tags'> {
  return {
    checksum: options.checksum,
    noOverwrite: !options.overwrite,
    ...(options.partSize === undefined ? {} : { partSize: options.partSize }),
    ...(options.metadata === undefined ? {} : { metadata: options.metadata }),
    ...(options.storageClass === undefined ? {} : { storageClass: options.storageClass }),
    ...(options.tag === undefined ? {} : { tags: options.tag }),
  };
}

/**
 * What is told of each object, with the name of its key among the tags where that is wanted.
 *
 * @throws SsecError KEY_NOT_FOUND, USAGE: before anything is sent
 */
export async function withKeyTag<T extends UploadOptions>(
  context: CommandContext,
  settings: Settings,
  options: T,
  { name }: NamedKey,
): Promise<T> {
  // the setting stands for all commands, and is no reason against a key without a name
  const isMeant =
    tagsKeys(context, settings) && (name !== undefined || context.command.getOptionValue('tagKey') === true);
  const tag = isMeant ? tagsWithKey(options.tag, name) : options.tag;
  if (tag === undefined) return options;
  const { checkTags } = await import('../object-tags.ts');
  checkTags(tag);
  return { ...options, tag };
}

/** What is told of an upload that is done. */
export function putRecord(
  result: PutObjectResult,
  { customerKey, name }: NamedKey,
  redactor: Redactor,
): JsonRecord {
  return {
    type: 'put',
    Bucket: result.bucket,
    Key: result.key,
    ...redactor.strikeMembers({ VersionId: result.versionId ?? null, ETag: result.etag ?? null }),
    Size: result.size,
    ContentType: result.contentType ?? null,
    SSECustomerAlgorithm: 'AES256',
    SSECustomerKeyMD5: customerKey.fingerprint ?? null,
    KeyName: name ?? null,
    ...checksumFields(result.checksum),
    Proof: result.proof,
  };
}

/** Says what the proof of an upload rests on, where that is less than it should be. */
export function tellWeakProof(result: PutObjectResult, reporter: Reporter): void {
  if (result.proof === 'create-echo')
    reporter.notice(
      `you may write ${formatObjectAddress(result)} and not read it; that the key was used rests on the server's word at the beginning`,
    );
}

/** Where a file's upload is noted, so that the same command goes on with it. */
export function uploadJournal(
  context: CommandContext,
  client: SsecClient,
  address: ObjectAddress,
  path: string,
): JournalPlace | undefined {
  const folder = journalFolder(context);
  if (folder === undefined || path === '-') return undefined;
  const file = resolve(context.io.cwd, path);
  return { folder, target: ['put', client.endpoint ?? '', address.bucket, address.key, file] };
}

/**
 * The key to write with.
 *
 * @throws SsecError KEY_MISSING, KEY_MALFORMED, KEY_RETIRED
 */
export async function loadWriteKey(
  context: CommandContext,
  settings: Settings,
  options: Pick<UploadOptions, 'allowWeakKey'>,
): Promise<NamedKey> {
  const key = await namedOrDefaultKey(context, settings);
  if (key === undefined) {
    throw new SsecError('KEY_MISSING', 'No customer key was given; nothing was sent.', {
      hints: missingKeyHints(context.io.env),
    });
  }
  refuseWeak(key.customerKey, options.allowWeakKey);
  return key;
}

/** @throws SsecError KEY_MALFORMED */
export function refuseWeak(key: CustomerKey, allowWeakKey: boolean | undefined): void {
  if (!key.weak || allowWeakKey === true) return;
  throw new SsecError(
    'KEY_MALFORMED',
    'A key of 32 printable characters is too weak to write with; nothing was sent.',
    {
      hints: ['make a random key: ssec keygen --env', 'or write with it all the same: --allow-weak-key'],
    },
  );
}
