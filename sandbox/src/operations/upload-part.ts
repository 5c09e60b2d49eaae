import { type IntegrityHeaders, readIntegrityHeaders } from '../body/integrity-headers.ts';
import { checksumHeader } from '../checksum/checksum.ts';
import { invalidRequest } from '../s3-error.ts';
import type { UploadRecord } from '../store/upload-record.ts';
import { encryptionHeaders } from './encryption.ts';
import { checkPartKey, findUpload, readPartKey } from './multipart-upload.ts';
import { wholeSeconds } from './object-headers.ts';
import type { BucketContext, S3Response } from './operation.ts';
import { readPartNumber } from './part-number.ts';
import { type ReadContent, requirePutSize, storeContent } from './store-content.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html */
export async function uploadPart(context: BucketContext): Promise<S3Response> {
  const { request, bucket, now } = context;
  const number = readPartNumber(request);
  const integrity = readIntegrityHeaders(request);
  const customerKey = readPartKey(context);
  const { record } = findUpload(context);
  checkPartKey(record, customerKey);
  checkAlgorithm(record, integrity);
  requirePutSize(context);
  const { checksum } = record;
  const algorithm = checksum?.algorithm ?? 'crc64nvme';
  const read: ReadContent = (take, withMd5) => context.body.read({ integrity, algorithm, withMd5 }, take);
  const { part, claimed } = await storeContent(context, customerKey, read, (stored) => {
    const { piece, etag } = stored;
    const placed = { ...piece, number, etag, lastModified: wholeSeconds(now), checksum: stored.checksum };
    // It may have been completed or aborted while the body came.
    bucket.uploads.putPart(findUpload(context), placed);
    return { part: placed, claimed: stored.claimed };
  });
  // Where the upload has no algorithm the client's checksum is verified and echoed, but not kept.
  const shown = checksum === undefined ? claimed : part.checksum;
  return {
    status: 200,
    headers: {
      ETag: `"${part.etag}"`,
      ...(shown === undefined ? {} : { [checksumHeader(shown.algorithm)]: shown.base64 }),
      ...encryptionHeaders(context, customerKey),
    },
  };
}

/** A composite checksum is made of what the client said; S3 computes a part's share of a full object's itself. */
function checkAlgorithm({ checksum }: UploadRecord, integrity: IntegrityHeaders): void {
  const given = integrity.checksum?.algorithm ?? integrity.trailer;
  if (checksum === undefined || given === checksum.algorithm) return;
  if (given === undefined && checksum.type === 'FULL_OBJECT') return;
  throw invalidRequest(
    `Checksum Type mismatch occurred, expected checksum Type: ${checksum.algorithm}, actual checksum Type: ${given ?? 'null'}`,
  );
}
