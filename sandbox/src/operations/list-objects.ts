import { element, s3Namespace, xmlDeclaration } from '../http/xml.ts';
import { percentEncode } from '../http/uri.ts';
import type { S3Request } from '../http/s3-request.ts';
import { invalidArgument } from '../s3-error.ts';
import type { ObjectRecord } from '../store/object-record.ts';
import { canonicalUserId } from './account.ts';
import { type KeyPage, pageOfKeys } from './key-page.ts';
import type { BucketContext, S3Response } from './operation.ts';

interface Listing {
  readonly prefix: string;
  readonly delimiter: string;
  readonly maxKeys: number;
  /** Names as the client asked for them: as they are, or URL-encoded. */
  readonly name: (text: string) => string;
  readonly encodingType: string | undefined;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export function listObjectsV2(context: BucketContext): S3Response {
  const { request } = context;
  const listing = readListing(request);
  const token = parameter(request, 'continuation-token');
  const startAfter = parameter(request, 'start-after');
  const after = token === undefined ? (startAfter ?? '') : readToken(token);
  const page = pageOfKeys(context.bucket.keys(), { ...listing, after });
  const withOwner = parameter(request, 'fetch-owner') === 'true';
  return document(context, listing, page, withOwner, [
    token === undefined ? '' : element('ContinuationToken', token),
    startAfter === undefined ? '' : element('StartAfter', listing.name(startAfter)),
    element('KeyCount', page.keys.length + page.commonPrefixes.length),
    page.next === undefined ? '' : element('NextContinuationToken', writeToken(page.next)),
  ]);
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html */
export function listObjects(context: BucketContext): S3Response {
  const listing = readListing(context.request);
  const marker = parameter(context.request, 'marker') ?? '';
  const page = pageOfKeys(context.bucket.keys(), { ...listing, after: marker });
  return document(context, listing, page, true, [
    element('Marker', listing.name(marker)),
    page.next === undefined || listing.delimiter === '' ? '' : element('NextMarker', listing.name(page.next)),
  ]);
}

function document(
  { bucket }: BucketContext,
  listing: Listing,
  page: KeyPage,
  withOwner: boolean,
  own: readonly string[],
): S3Response {
  const owner = withOwner ? `<Owner>${element('ID', canonicalUserId)}</Owner>` : '';
  const contents = page.keys
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
    element('ChecksumAlgorithm', record.checksum.algorithm.toUpperCase()),
    element('ChecksumType', 'FULL_OBJECT'),
    element('Size', record.size),
    owner,
    element('StorageClass', record.storageClass),
    '</Contents>',
  ].join('');
}

function readListing(request: S3Request): Listing {
  const encodingType = parameter(request, 'encoding-type');
  if (encodingType !== undefined && encodingType !== 'url') {
    throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', encodingType);
  }
  const maxKeys = parameter(request, 'max-keys') ?? '1000';
  if (!/^\d{1,10}$/.test(maxKeys)) {
    throw invalidArgument('Provided max-keys not an integer or within integer range', 'max-keys', maxKeys);
  }
  return {
    prefix: parameter(request, 'prefix') ?? '',
    delimiter: parameter(request, 'delimiter') ?? '',
    maxKeys: Math.min(Number(maxKeys), 1000),
    name: (text) => (encodingType === 'url' ? percentEncode(Buffer.from(text), '/') : text),
    encodingType,
  };
}

function parameter(request: S3Request, name: string): string | undefined {
  return request.query.find((pair) => pair.name === name)?.value;
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
