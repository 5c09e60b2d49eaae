import { element, s3Namespace, xmlDeclaration } from '../http/xml.ts';
import { queryParameter, type S3Request } from '../http/s3-request.ts';
import { invalidArgument } from '../s3-error.ts';
import type { ObjectRecord } from '../store/object-record.ts';
import { ownerElements } from './account.ts';
import { checksumElements } from './checksum-elements.ts';
import { keysFrom, type ListPage, pageOf } from './list-page.ts';
import { type ListEncoding, readEncoding, readPageSize } from './list-parameters.ts';
import type { BucketContext, S3Response } from './operation.ts';

interface Listing extends ListEncoding {
  readonly prefix: string;
  readonly delimiter: string;
  readonly maxKeys: number;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export function listObjectsV2(context: BucketContext): S3Response {
  const { request } = context;
  const listing = readListing(request);
  const token = queryParameter(request, 'continuation-token');
  const startAfter = queryParameter(request, 'start-after');
  const after = token === undefined ? (startAfter ?? '') : readToken(token);
  const page = pageOfKeys(context, listing, after);
  const withOwner = queryParameter(request, 'fetch-owner') === 'true';
  return document(context, listing, page, withOwner, [
    token === undefined ? '' : element('ContinuationToken', token),
    startAfter === undefined ? '' : element('StartAfter', listing.name(startAfter)),
    element('KeyCount', page.entries.length + page.commonPrefixes.length),
    page.next === undefined ? '' : element('NextContinuationToken', writeToken(page.next.name)),
  ]);
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html */
export function listObjects(context: BucketContext): S3Response {
  const listing = readListing(context.request);
  const marker = queryParameter(context.request, 'marker') ?? '';
  const page = pageOfKeys(context, listing, marker);
  return document(context, listing, page, true, [
    element('Marker', listing.name(marker)),
    page.next === undefined || listing.delimiter === ''
      ? ''
      : element('NextMarker', listing.name(page.next.name)),
  ]);
}

function pageOfKeys({ bucket }: BucketContext, listing: Listing, after: string): ListPage<string> {
  const query = { ...listing, limit: listing.maxKeys, after };
  return pageOf(keysFrom(bucket.versions.currentKeys(), after), (key) => key, query);
}

function document(
  { bucket }: BucketContext,
  listing: Listing,
  page: ListPage<string>,
  withOwner: boolean,
  own: readonly string[],
): S3Response {
  const owner = withOwner ? ownerElements('Owner') : '';
  const contents = page.entries
    .map((key) => bucket.object(key))
    .filter((record) => record !== undefined)
    .map((record) => entry(record, listing, owner));
  const prefixes = page.commonPrefixes.map(
    (prefix) => `<CommonPrefixes>${element('Prefix', listing.name(prefix))}</CommonPrefixes>`,
  );
  const parts = [
    element('Name', bucket.name),
    element('Prefix', listing.name(listing.prefix)),
    listing.delimiter === '' ? '' : element('Delimiter', listing.name(listing.delimiter)),
    element('MaxKeys', listing.maxKeys),
    listing.encodingType === undefined ? '' : element('EncodingType', listing.encodingType),
    element('IsTruncated', page.next !== undefined),
    ...own,
    ...contents,
    ...prefixes,
  ];
  return {
    status: 200,
    xml: `${xmlDeclaration}<ListBucketResult ${s3Namespace}>${parts.join('')}</ListBucketResult>`,
  };
}

function entry(record: ObjectRecord, listing: Listing, owner: string): string {
  return [
    '<Contents>',
    element('Key', listing.name(record.key)),
    element('LastModified', record.lastModified),
    element('ETag', `"${record.etag}"`),
    checksumElements(record),
    element('Size', record.size),
    owner,
    element('StorageClass', record.storageClass),
    '</Contents>',
  ].join('');
}

function readListing(request: S3Request): Listing {
  return {
    prefix: queryParameter(request, 'prefix') ?? '',
    delimiter: queryParameter(request, 'delimiter') ?? '',
    maxKeys: readPageSize(queryParameter(request, 'max-keys'), 'max-keys'),
    ...readEncoding(request),
  };
}

function writeToken(after: string): string {
  return Buffer.from(`after ${after}`).toString('base64url');
}

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString();
  if (!text.startsWith('after ')) {
    throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', token);
  }
  return text.slice('after '.length);
}
