import { queryParameter } from '../http/s3-request.ts';
import { element, s3Namespace, xmlDeclaration } from '../http/xml.ts';
import type { ObjectRecord, Tag } from '../store/object-record.ts';
import { objectArn, requireAllowed } from './account.ts';
import { parseTagging, parseTaggingHeader } from './object-tags.ts';
import type { BucketContext, S3Response } from './operation.ts';
import { readRequiredDocument } from './request-document.ts';
import { requestedVersion, versionHeaders } from './requested-version.ts';

/**
 * Of none of these is the object's customer key asked: tags are kept beside its bytes.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html
 */
export function getObjectTagging(context: BucketContext): S3Response {
  const record = requestedVersion(context, 'tags');
  const tags = (record.tags ?? []).map(
    ({ key, value }) => `<Tag>${element('Key', key)}${element('Value', value)}</Tag>`,
  );
  return {
    status: 200,
    headers: versionHeaders(context, record),
    xml: `${xmlDeclaration}<Tagging ${s3Namespace}><TagSet>${tags.join('')}</TagSet></Tagging>`,
  };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html */
export async function putObjectTagging(context: BucketContext): Promise<S3Response> {
  const tags = parseTagging(await readRequiredDocument(context, 'Content-MD5'));
  const record = requestedVersion(context, 'tags');
  context.bucket.setTags(record, tags);
  return { status: 200, headers: versionHeaders(context, record) };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html */
export function deleteObjectTagging(context: BucketContext): S3Response {
  const record = requestedVersion(context, 'tags');
  context.bucket.setTags(record, []);
  return { status: 204, headers: versionHeaders(context, record) };
}

/** The tags that a new object comes with. */
export function readNewTags({ request, bucket, settings }: BucketContext): {
  readonly tags?: readonly Tag[];
} {
  const header = request.headers.get('x-amz-tagging');
  if (header === undefined) return {};
  requireAllowed(settings, 's3:PutObjectTagging', objectArn(bucket.name, request.key));
  const tags = parseTaggingHeader(header);
  return tags.length === 0 ? {} : { tags };
}

/** A read says how many there are, if the reader might ask which. */
export function tagCountHeader(
  { request, settings }: BucketContext,
  { tags }: ObjectRecord,
): Record<string, string> {
  const isOfVersion = queryParameter(request, 'versionId') !== undefined;
  const action = isOfVersion ? 's3:GetObjectVersionTagging' : 's3:GetObjectTagging';
  if (tags === undefined || settings.denyActions.has(action)) return {};
  return { 'x-amz-tagging-count': String(tags.length) };
}
