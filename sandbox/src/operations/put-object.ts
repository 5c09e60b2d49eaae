import { randomBytes } from 'node:crypto';
import { readIntegrityHeaders } from '../body/integrity-headers.ts';
import { checksumHeader } from '../checksum/checksum.ts';
import { noSuchBucket, S3Error } from '../s3-error.ts';
import { sealObject } from '../sse-c/object-cipher.ts';
import type { ObjectRecord } from '../store/object-record.ts';
import { objectArn, requireAllowed } from './account.ts';
import { readWriteCondition } from './conditions.ts';
import { customerKeyForWrite, encryptionHeaders } from './encryption.ts';
import { readObjectHeaders, readStorageClass, requirePrivateAcl } from './object-headers.ts';
import type { BucketContext, S3Response } from './operation.ts';

const maxPutBytes = 5 * 1024 ** 3;

export async function putObject(context: BucketContext): Promise<S3Response> {
  const { request, bucket, body, now } = context;
  const storageClass = readStorageClass(request);
  const integrity = readIntegrityHeaders(request);
  const customerKey = customerKeyForWrite(context);
  requirePrivateAcl(request);
  const described = readObjectHeaders(request);
  const size = body.contentLength();
  if (size > maxPutBytes) {
    throw new S3Error(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
      ProposedSize: String(size),
      MaxSizeAllowed: String(maxPutBytes),
    });
  }
  const condition = readWriteCondition(request);
  // To compare an ETag is to read it.
  if (request.headers.has('if-match')) {
    requireAllowed(context.settings, 's3:GetObject', objectArn(bucket.name, request.key));
  }
  condition.check(bucket.object(request.key));

  const sealed = customerKey && sealObject(customerKey.bytes);
  const writer = await bucket.startWriting();
  try {
    const content = await body.read({ integrity, withMd5: sealed === undefined }, (piece) =>
      writer.write(sealed === undefined ? piece : sealed.cipher.update(piece)),
    );
    await writer.finish();
    const record: ObjectRecord = {
      key: request.key,
      size: writer.size,
      // The ETag of an SSE-C object is no digest of anything that a client could compute.
      etag:
        sealed === undefined && content.md5 ? content.md5.toString('hex') : randomBytes(16).toString('hex'),
      lastModified: wholeSeconds(now),
      storageClass,
      checksum: content.checksum,
      ...described,
      data: writer.name,
      ...(sealed === undefined ? {} : { seal: sealed.seal }),
    };
    // The bucket may have gone while the body came.
    if (context.store.bucket(bucket.name) !== bucket) throw noSuchBucket(bucket.name);
    condition.check(bucket.object(request.key));
    bucket.put(record);
    return {
      status: 200,
      headers: {
        ETag: `"${record.etag}"`,
        [checksumHeader(record.checksum.algorithm)]: record.checksum.base64,
        'x-amz-checksum-type': 'FULL_OBJECT',
        ...encryptionHeaders(context, customerKey),
      },
    };
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

function wholeSeconds(now: Date): string {
  return new Date(Math.floor(now.getTime() / 1000) * 1000).toISOString();
}
