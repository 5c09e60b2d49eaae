import { readIntegrityHeaders } from '../body/integrity-headers.ts';
import { objectArn, requireAllowed } from './account.ts';
import { readWriteCondition } from './conditions.ts';
import { customerKeyForWrite, encryptionHeaders } from './encryption.ts';
import {
  checksumHeaders,
  readObjectHeaders,
  readStorageClass,
  requirePrivateAcl,
  wholeSeconds,
} from './object-headers.ts';
import { readNewTags } from './object-tagging.ts';
import type { BucketContext, S3Response } from './operation.ts';
import { newVersionHeaders } from './requested-version.ts';
import { type ReadContent, requirePutSize, storeContent } from './store-content.ts';

export async function putObject(context: BucketContext): Promise<S3Response> {
  const { request, bucket, now } = context;
  const storageClass = readStorageClass(request);
  const integrity = readIntegrityHeaders(request);
  const customerKey = customerKeyForWrite(context);
  requirePrivateAcl(request);
  const described = { ...readObjectHeaders(request), ...readNewTags(context) };
  requirePutSize(context);
  const condition = readWriteCondition(request);
  // To compare an ETag is to read it.
  if (request.headers.has('if-match')) {
    requireAllowed(context.settings, 's3:GetObject', objectArn(bucket.name, request.key));
  }
  condition.check(bucket.object(request.key));

  const read: ReadContent = (take, withMd5) => context.body.read({ integrity, withMd5 }, take);
  const record = await storeContent(context, customerKey, read, (stored) => {
    const { piece, etag, checksum } = stored;
    condition.check(bucket.object(request.key));
    return bucket.put({
      key: request.key,
      size: piece.size,
      etag,
      lastModified: wholeSeconds(now),
      storageClass,
      checksum: { ...checksum, type: 'FULL_OBJECT' },
      ...described,
      pieces: [piece],
    });
  });
  return {
    status: 200,
    headers: {
      ETag: `"${record.etag}"`,
      ...newVersionHeaders(record),
      ...checksumHeaders(record.checksum),
      ...encryptionHeaders(context, customerKey),
    },
  };
}
