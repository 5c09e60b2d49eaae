import { queryParameter, type S3Request } from '../http/s3-request.ts';
import { element, s3Namespace, xmlDeclaration } from '../http/xml.ts';
import { invalidArgument } from '../s3-error.ts';
import { isDeleteMarker, type ObjectVersion } from '../store/object-version.ts';
import type { ObjectVersions } from '../store/object-versions.ts';
import { isVersionId, sequenceOf } from '../store/version-id.ts';
import { ownerElements } from './account.ts';
import { keysFrom, pageOf } from './list-page.ts';
import { type ListEncoding, readEncoding, readPageSize } from './list-parameters.ts';
import { checksumElements } from './checksum-elements.ts';
import type { BucketContext, S3Response } from './operation.ts';

interface Markers {
  readonly key: string;
  /** undefined: all versions of the key were listed. */
  readonly versionId: string | undefined;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html */
export function listObjectVersions({ request, bucket }: BucketContext): S3Response {
  const maxKeys = readPageSize(queryParameter(request, 'max-keys'), 'max-keys');
  const markers = readMarkers(request);
  const encoding = readEncoding(request);
  const { name, encodingType } = encoding;
  const prefix = queryParameter(request, 'prefix') ?? '';
  const delimiter = queryParameter(request, 'delimiter') ?? '';
  const { entries, commonPrefixes, next } = pageOf(
    versionsAfter(bucket.versions, markers),
    ({ key }) => key,
    { prefix, delimiter, limit: maxKeys, after: markers.key },
  );
  const elements = [
    element('Name', bucket.name),
    element('Prefix', name(prefix)),
    element('KeyMarker', name(markers.key)),
    element('VersionIdMarker', markers.versionId ?? ''),
    next === undefined ? '' : element('NextKeyMarker', name(next.name)),
    next?.entry === undefined ? '' : element('NextVersionIdMarker', next.entry.versionId),
    element('MaxKeys', maxKeys),
    delimiter === '' ? '' : element('Delimiter', name(delimiter)),
    encodingType === undefined ? '' : element('EncodingType', encodingType),
    element('IsTruncated', next !== undefined),
    ...entries.map((version) =>
      versionElement(version, version === bucket.versions.current(version.key), encoding),
    ),
    ...commonPrefixes.map((one) => `<CommonPrefixes>${element('Prefix', name(one))}</CommonPrefixes>`),
  ];
  return {
    status: 200,
    xml: `${xmlDeclaration}<ListVersionsResult ${s3Namespace}>${elements.join('')}</ListVersionsResult>`,
  };
}

function readMarkers(request: S3Request): Markers {
  const key = queryParameter(request, 'key-marker') ?? '';
  const versionId = queryParameter(request, 'version-id-marker');
  const invalid = (message: string) => invalidArgument(message, 'version-id-marker', versionId);
  if (versionId !== undefined) {
    if (key === '') throw invalid('A version-id marker cannot be specified without a key marker.');
    if (versionId === '') throw invalid('A version-id marker cannot be empty.');
    if (!isVersionId(versionId)) throw invalid('Invalid version id specified');
  }
  return { key, versionId };
}

/** From key to key, and of a key from the newest to the oldest. */
function* versionsAfter(
  versions: Pick<ObjectVersions, 'keys' | 'of' | 'find'>,
  { key: keyMarker, versionId }: Markers,
): Generator<ObjectVersion> {
  const sequence = versionId === undefined ? undefined : markedSequence(versions, keyMarker, versionId);
  for (const key of keysFrom(versions.keys(), keyMarker, sequence !== undefined)) {
    const all = versions.of(key);
    yield* sequence === undefined || key !== keyMarker ? all : all.filter((one) => one.sequence < sequence);
  }
}

/**
 * A client that deletes page by page marks a version that is gone: what is older comes next. Where that was the
 * `null` version its place is not known any more, and all that is left of the key comes.
 */
function markedSequence(versions: Pick<ObjectVersions, 'find'>, key: string, versionId: string): number {
  const marked = versions.find(key, versionId)?.sequence ?? sequenceOf(versionId);
  return Number.isNaN(marked) ? Number.POSITIVE_INFINITY : marked;
}

function versionElement(version: ObjectVersion, isLatest: boolean, { name }: ListEncoding): string {
  const common = [
    element('Key', name(version.key)),
    element('VersionId', version.versionId),
    element('IsLatest', isLatest),
    element('LastModified', version.lastModified),
  ].join('');
  const owner = ownerElements('Owner');
  if (isDeleteMarker(version)) return `<DeleteMarker>${common}${owner}</DeleteMarker>`;
  return [
    `<Version>${common}`,
    element('ETag', `"${version.etag}"`),
    checksumElements(version),
    element('Size', version.size),
    owner,
    element('StorageClass', version.storageClass),
    '</Version>',
  ].join('');
}
