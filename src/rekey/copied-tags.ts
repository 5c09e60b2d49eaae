import { type ErrorCode, SsecError } from '../errors.ts';
import { KEY_TAG } from '../keys/key-tag.ts';
import { objectTags } from '../object-tags.ts';
import type { Rekeying } from './rekeying.ts';

export interface CopiedTagsOptions
  extends Pick<Rekeying, 'client' | 'source' | 'head' | 'onNotice' | 'signal'> {
  /** Whether the server takes tags over by itself. */
  readonly areCopied: boolean;
  /** Whether the copy replaces its source, and with it its tags. */
  readonly isInPlace: boolean;
  /** The name of the new key, where it has one. */
  readonly keyName: string | undefined;
  /** Whether that name is to be among the tags, where none is there yet. */
  readonly tagKey: boolean;
}

/**
 * The tags that a copy must be given: all of them where the server does not take them over, and where one of them
 * names the key, which is another now.
 *
 * @returns undefined where the server sees to it
 */
export async function copiedTags(options: CopiedTagsOptions): Promise<Rekeying['tags']> {
  const { head, areCopied, keyName, tagKey } = options;
  const writesName = tagKey && keyName !== undefined;
  const hasTags = (head.TagCount ?? 0) > 0;
  if (areCopied && !hasTags && !writesName) return undefined;
  const tags = await tagsOf(options);
  if (tags === undefined) return undefined;
  const isNamed = tags.has(KEY_TAG);
  if (areCopied && !isNamed && !writesName) return undefined;
  if (keyName === undefined) tags.delete(KEY_TAG);
  else if (isNamed || writesName) tags.set(KEY_TAG, keyName);
  return Object.fromEntries(tags);
}

/** It concerns this object, and others may have no tags. */
function ofOne(error: SsecError): SsecError {
  return new SsecError(error.code, error.message, {
    hints: [...error.hints, 'its tags would be lost; nothing was copied'],
    cause: error.cause,
    context: { ...error.context, ofOne: true },
  });
}

/** Answers that say that the tags cannot be had. */
const UNREADABLE: ReadonlySet<ErrorCode> = new Set(['ACCESS_DENIED', 'NOT_SUPPORTED', 'SERVICE_REFUSED']);

async function tagsOf({
  client,
  source,
  areCopied,
  isInPlace,
  onNotice,
  signal,
}: CopiedTagsOptions): Promise<Map<string, string> | undefined> {
  try {
    return new Map(await objectTags({ client, ...source, signal }));
  } catch (error) {
    if (!(error instanceof SsecError) || !UNREADABLE.has(error.code)) throw error;
    // S3 takes them over by itself; and a server that knows no tags has none
    if (areCopied || error.code === 'NOT_SUPPORTED') return undefined;
    // there, what is not read would be gone
    if (isInPlace) throw ofOne(error);
    onNotice?.('the tags of some objects cannot be read, and what is not read is not copied');
    return undefined;
  }
}
