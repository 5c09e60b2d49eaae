import { type ChecksumAlgorithm, checksumAlgorithms, isChecksumAlgorithm } from '../checksum/checksum.ts';
import type { S3Request } from '../http/s3-request.ts';
import { invalidRequest } from '../s3-error.ts';

/** Of the checksum that S3 is to make of what has no body of its own: an upload in parts, a copy. */
export function readChecksumAlgorithm(request: S3Request): ChecksumAlgorithm | undefined {
  const algorithm = request.headers.get('x-amz-checksum-algorithm')?.toLowerCase();
  if (algorithm === undefined || isChecksumAlgorithm(algorithm)) return algorithm;
  const known = checksumAlgorithms.map((one) => one.toUpperCase()).join(', ');
  throw invalidRequest(
    `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${known}]`,
  );
}
