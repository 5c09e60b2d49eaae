import { checksumHeader } from '../checksum/checksum.ts';
import type { S3Request } from '../http/s3-request.ts';
import { headerNotImplemented, S3Error } from '../s3-error.ts';
import type { ObjectChecksum, ObjectRecord } from '../store/object-record.ts';

const storageClasses = new Set([
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'GLACIER_IR',
  'DEEP_ARCHIVE',
]);

/** Headers that S3 keeps and gives back as they came. */
const keptHeaders = ['Cache-Control', 'Content-Disposition', 'Content-Language', 'Expires'];

const metadataPrefix = 'x-amz-meta-';
const maxMetadataBytes = 2048;

export function readStorageClass(request: S3Request): string {
  const name = request.headers.get('x-amz-storage-class') ?? 'STANDARD';
  if (!storageClasses.has(name)) {
    throw new S3Error(400, 'InvalidStorageClass', 'The storage class you specified is not valid', {
      StorageClassRequested: name,
    });
  }
  return name;
}

/** Bucket owner and writer are the same account, so that these two change nothing. */
export function requirePrivateAcl(request: S3Request): void {
  const acl = request.headers.get('x-amz-acl');
  if (acl !== undefined && acl !== 'private' && acl !== 'bucket-owner-full-control') {
    throw headerNotImplemented('x-amz-acl');
  }
}

export function readObjectHeaders(request: S3Request): Pick<ObjectRecord, 'headers' | 'metadata'> {
  const headers: Record<string, string> = {
    'Content-Type': request.headers.get('content-type') || 'binary/octet-stream',
  };
  for (const name of keptHeaders) {
    const value = request.headers.get(name.toLowerCase());
    if (value !== undefined) headers[name] = value;
  }
  // aws-chunked is how the request was sent, not what the object is.
  const encodings = (request.headers.get('content-encoding') ?? '')
    .split(',')
    .map((encoding) => encoding.trim())
    .filter((encoding) => encoding !== '' && encoding !== 'aws-chunked');
  if (encodings.length > 0) headers['Content-Encoding'] = encodings.join(',');
  return { headers, metadata: readMetadata(request) };
}

function readMetadata(request: S3Request): Record<string, string> {
  const metadata: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of request.headers) {
    if (!name.startsWith(metadataPrefix)) continue;
    const short = name.slice(metadataPrefix.length);
    metadata[short] = value;
    bytes += short.length + value.length;
  }
  if (bytes > maxMetadataBytes) {
    throw new S3Error(
      400,
      'MetadataTooLarge',
      'Your metadata headers exceed the maximum allowed metadata size',
      {
        Size: String(bytes),
        MaxSizeAllowed: String(maxMetadataBytes),
      },
    );
  }
  return metadata;
}

/** All that a read says of an object, but for its encryption and checksum. */
export function objectHeaders(record: ObjectRecord): Record<string, string> {
  const headers: Record<string, string> = {
    ...record.headers,
    ETag: `"${record.etag}"`,
    'Last-Modified': new Date(record.lastModified).toUTCString(),
    'Accept-Ranges': 'bytes',
  };
  if (record.storageClass !== 'STANDARD') headers['x-amz-storage-class'] = record.storageClass;
  for (const [name, value] of Object.entries(record.metadata)) headers[metadataPrefix + name] = value;
  return headers;
}

export function checksumHeaders(checksum: ObjectChecksum | undefined): Record<string, string> {
  if (checksum === undefined) return {};
  return { [checksumHeader(checksum.algorithm)]: checksum.base64, 'x-amz-checksum-type': checksum.type };
}

export function wholeSeconds(now: Date): string {
  return new Date(Math.floor(now.getTime() / 1000) * 1000).toISOString();
}
