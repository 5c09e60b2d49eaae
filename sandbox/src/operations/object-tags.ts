import { childText, parseXml, type XmlElement } from '../http/parse-xml.ts';
import { invalidArgument, malformedXml, S3Error } from '../s3-error.ts';
import { compareKeys } from '../store/key-order.ts';
import type { Tag } from '../store/object-record.ts';

const maxTags = 10;
/** Lengths are in Unicode characters. */
const tagKey = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u;
const tagValue = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;

/** `<Tagging>` of PutObjectTagging. */
export function parseTagging(document: string): Tag[] {
  const root = parseXml(document);
  const [tagSet, ...more] = root.children;
  if (root.name !== 'Tagging' || tagSet?.name !== 'TagSet' || more.length > 0) throw malformedXml();
  const tags = tagSet.children.map(readTag);
  const duplicate = firstDuplicate(tags);
  if (duplicate !== undefined) {
    throw invalidTag('Cannot provide multiple Tags with the same key', { TagKey: duplicate });
  }
  return validTags(tags);
}

function readTag(tag: XmlElement): Tag {
  const key = childText(tag, 'Key');
  const value = childText(tag, 'Value');
  if (tag.name !== 'Tag' || key === undefined || value === undefined) throw malformedXml();
  return { key, value };
}

/** The header of a write: `key=value&key=value`, encoded as the query of a URL is. */
export function parseTaggingHeader(header: string): Tag[] {
  const malformed = () =>
    invalidArgument(
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
      'x-amz-tagging',
      header,
    );
  const tags = header
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [rawKey = '', rawValue = '', ...more] = pair.split('=');
      const [key, value] = [decodeForm(rawKey), decodeForm(rawValue)];
      if (key === undefined || value === undefined || more.length > 0) throw malformed();
      return { key, value };
    });
  if (firstDuplicate(tags) !== undefined) throw malformed();
  return validTags(tags);
}

/** undefined: it is not encoded as it should be. */
function decodeForm(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
function validTags(tags: readonly Tag[]): Tag[] {
  if (tags.length > maxTags) {
    throw new S3Error(400, 'BadRequest', `Object tags cannot be greater than ${maxTags}`);
  }
  for (const { key, value } of tags) {
    if (key.startsWith('aws:')) {
      throw invalidTag('Your TagKey cannot be prefixed with aws:', { TagKey: key });
    }
    if (!tagKey.test(key)) {
      throw invalidTag('The TagKey you have provided is invalid', { TagKey: key });
    }
    if (!tagValue.test(value)) {
      throw invalidTag('The TagValue you have provided is invalid', { TagKey: key, TagValue: value });
    }
  }
  // S3 gives them back in this order, whatever the request's was.
  return [...tags].sort((a, b) => compareKeys(a.key, b.key));
}

function firstDuplicate(tags: readonly Tag[]): string | undefined {
  return tags.find(({ key }, index) => tags.findIndex((other) => other.key === key) < index)?.key;
}

function invalidTag(message: string, fields: Readonly<Record<string, string>>): S3Error {
  return new S3Error(400, 'InvalidTag', message, fields);
}
