import {
  GetObjectTaggingCommand,
  type GetObjectTaggingCommandOutput,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import type { SsecClient } from './client.ts';
import { SsecError } from './errors.ts';
import { checkBucketName, checkObjectKey } from './object-address.ts';
import { type ObjectVersion, checkVersionId, versionField } from './object-version.ts';
import { failureOf } from './service-error.ts';

/** Of one object (AmazonS3/latest/userguide/object-tagging.html). */
const MAX_TAGS = 10;
/** Characters. */
const MAX_TAG_KEY = 128;
const MAX_TAG_VALUE = 256;

/**
 * @throws SsecError USAGE for more or longer tags than S3 takes
 */
export function checkTags(tags: Readonly<Record<string, string>>): void {
  const entries = Object.entries(tags);
  if (entries.length > MAX_TAGS)
    throw refused(`An object can have ${MAX_TAGS} tags, and these are ${entries.length}.`);
  for (const [name, value] of entries) {
    if (name === '') throw refused('A tag has no name.');
    if (/^aws:/i.test(name)) throw refused(`The tag "${name}" begins with "aws:", which S3 keeps to itself.`);
    if (lengthOf(name) > MAX_TAG_KEY)
      throw refused(
        `The name of the tag "${name.slice(0, 40)}..." is longer than ${MAX_TAG_KEY} characters.`,
      );
    if (lengthOf(value) > MAX_TAG_VALUE)
      throw refused(`The value of the tag "${name}" is longer than ${MAX_TAG_VALUE} characters.`);
  }
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}

function refused(sentence: string): SsecError {
  return new SsecError('USAGE', sentence, {
    hints: ['what is long, or more, goes into the metadata: --metadata name=value'],
  });
}

/**
 * Tags as `x-amz-tagging` has them.
 *
 * @internal
 */
export function formatTags(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
}

export interface ObjectTagsOptions extends ObjectVersion {
  readonly client: SsecClient;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The tags of an object, for which no customer key is needed.
 *
 * @throws SsecError OBJECT_NOT_FOUND, ACCESS_DENIED, NETWORK, ...
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html
 */
export async function objectTags(options: ObjectTagsOptions): Promise<ReadonlyMap<string, string>> {
  const { client, bucket, key, versionId, signal } = options;
  checkBucketName(bucket);
  checkObjectKey(key);
  checkVersionId(versionId);
  try {
    const { TagSet: tags = [] } = await client.send<GetObjectTaggingCommandOutput>(
      new GetObjectTaggingCommand({ Bucket: bucket, Key: key, ...versionField(options) }),
      { signal },
    );
    return new Map(tags.map(({ Key: name = '', Value: value = '' }) => [name, value]));
  } catch (error) {
    const operation = versionId === undefined ? 'GetObjectTagging' : 'GetObjectVersionTagging';
    const request = { operation, bucket, key, versionId, customerKeySent: false, endpoint: client.endpoint };
    throw failureOf(error, request, signal);
  }
}

/**
 * Sets the tags of an object, in place of all that it has.
 *
 * @internal
 * @throws SsecError OBJECT_NOT_FOUND, ACCESS_DENIED, NETWORK, ...
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html
 */
export async function setObjectTags(
  options: ObjectTagsOptions & { readonly tags: Readonly<Record<string, string>> },
): Promise<void> {
  const { client, bucket, key, versionId, tags, signal } = options;
  const TagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  try {
    await client.send(
      new PutObjectTaggingCommand({
        Bucket: bucket,
        Key: key,
        ...versionField(options),
        Tagging: { TagSet },
      }),
      { signal },
    );
  } catch (error) {
    const operation = versionId === undefined ? 'PutObjectTagging' : 'PutObjectVersionTagging';
    const request = { operation, bucket, key, versionId, customerKeySent: false, endpoint: client.endpoint };
    throw failureOf(error, request, signal);
  }
}
