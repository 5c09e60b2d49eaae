import type { S3Request } from '../http/s3-request.ts';
import { invalidArgument, invalidRequest } from '../s3-error.ts';
import type { ObjectRecord } from '../store/object-record.ts';
import { objectArn, requireAllowed } from './account.ts';
import type { CopySource } from './copy-source.ts';
import { readObjectHeaders } from './object-headers.ts';
import { readNewTags } from './object-tagging.ts';
import type { BucketContext } from './operation.ts';

type Directive = 'COPY' | 'REPLACE';

/** What becomes of the source's headers and metadata, and what of its tags. */
export interface CopyDirectives {
  readonly metadata: Directive;
  readonly tagging: Directive;
}

export function readCopyDirectives(request: S3Request): CopyDirectives {
  return { metadata: readDirective(request, 'metadata'), tagging: readDirective(request, 'tagging') };
}

function readDirective({ headers }: S3Request, of: 'metadata' | 'tagging'): Directive {
  const name = `x-amz-${of}-directive`;
  const value = headers.get(name) ?? 'COPY';
  if (value === 'COPY' || value === 'REPLACE') return value;
  throw invalidArgument(`Unknown ${of} directive.`, name, value);
}

/** As on S3, the request's own metadata and tags are passed over unless they are to replace the source's. */
export function describeCopy(
  context: BucketContext,
  source: CopySource,
  { metadata, tagging }: CopyDirectives,
): Pick<ObjectRecord, 'headers' | 'metadata' | 'tags'> {
  const { record } = source;
  const described =
    metadata === 'REPLACE'
      ? readObjectHeaders(context.request)
      : { headers: record.headers, metadata: record.metadata };
  return { ...described, ...(tagging === 'REPLACE' ? readNewTags(context) : copyTags(context, source)) };
}

/** To copy tags is to read and to write them. */
function copyTags(
  { request, bucket, settings }: BucketContext,
  source: CopySource,
): Pick<ObjectRecord, 'tags'> {
  const { tags, key } = source.record;
  if (tags === undefined) return {};
  const action = source.isOfVersion ? 's3:GetObjectVersionTagging' : 's3:GetObjectTagging';
  requireAllowed(settings, action, objectArn(source.bucket.name, key));
  requireAllowed(settings, 's3:PutObjectTagging', objectArn(bucket.name, request.key));
  return { tags };
}

/**
 * In place something must change, or be said to: headers that name a storage class or an encryption are enough, even
 * where both stay what they were. A source under a customer key always changes: the copy never inherits the key.
 */
export function requireChange(
  { request, bucket }: BucketContext,
  { bucket: sourceBucket, record }: CopySource,
  { metadata }: CopyDirectives,
): void {
  if (sourceBucket !== bucket || record !== bucket.object(request.key) || metadata === 'REPLACE') return;
  const says = (header: string) => request.headers.has(header);
  const isSealed = record.pieces[0].seal !== undefined;
  const isChanged =
    isSealed ||
    says('x-amz-storage-class') ||
    says('x-amz-server-side-encryption') ||
    says('x-amz-server-side-encryption-customer-algorithm');
  if (isChanged) return;
  throw invalidRequest(
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
  );
}
