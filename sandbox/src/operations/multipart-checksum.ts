import { createHash } from 'node:crypto';
import {
  type ChecksumAlgorithm,
  checksumAlgorithms,
  checksumHeader,
  startChecksum,
} from '../checksum/checksum.ts';
import { combineCrcs } from '../checksum/combine-crc.ts';
import type { S3Request } from '../http/s3-request.ts';
import { badChecksum, invalidRequest } from '../s3-error.ts';
import type { ObjectChecksum } from '../store/object-record.ts';
import type { PartRecord, UploadRecord } from '../store/upload-record.ts';

/** The MD5 of the parts' ETags, and how many they are: under SSE-C too, where those are random. */
export function multipartEtag(parts: readonly PartRecord[]): string {
  const hash = createHash('md5');
  for (const { etag } of parts) hash.update(Buffer.from(etag, 'hex'));
  return `${hash.digest('hex')}-${parts.length}`;
}

/**
 * By the upload's algorithm and type. An upload without one gets CRC64NVME, but under SSE-C only where the key came
 * along.
 */
export function multipartChecksum(
  upload: UploadRecord,
  parts: readonly PartRecord[],
  hasKey: boolean,
): ObjectChecksum | undefined {
  if (upload.checksum === undefined && upload.seal !== undefined && !hasKey) return undefined;
  const { algorithm, type } = upload.checksum ?? { algorithm: 'crc64nvme', type: 'FULL_OBJECT' };
  if (type === 'COMPOSITE') return { algorithm, type, base64: composite(algorithm, parts) };
  const crcs = parts.map(({ checksum: { base64 }, size }) => ({ base64, size }));
  return { algorithm, type, base64: combineCrcs(algorithm, crcs) };
}

function composite(algorithm: ChecksumAlgorithm, parts: readonly PartRecord[]): string {
  const state = startChecksum(algorithm);
  for (const { checksum } of parts) state.update(Buffer.from(checksum.base64, 'base64'));
  return `${state.base64()}-${parts.length}`;
}

/** What CompleteMultipartUpload says of the whole object must hold. */
export function checkClaims(
  request: S3Request,
  upload: UploadRecord,
  parts: readonly PartRecord[],
  checksum: ObjectChecksum | undefined,
): void {
  const claimedSize = request.headers.get('x-amz-mp-object-size');
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  if (claimedSize !== undefined && Number(claimedSize) !== size) {
    throw invalidRequest(
      `The provided 'x-amz-mp-object-size' header value ${claimedSize} does not match what was computed: ${size}`,
    );
  }
  const expectedType = upload.checksum?.type ?? 'FULL_OBJECT';
  const claimedType = request.headers.get('x-amz-checksum-type') ?? expectedType;
  if (claimedType !== expectedType) {
    throw invalidRequest(
      `The upload was created using the ${expectedType} checksum mode. The complete request must use the same checksum mode.`,
    );
  }
  for (const algorithm of checksumAlgorithms) {
    const claimed = request.headers.get(checksumHeader(algorithm));
    if (claimed === undefined) continue;
    if (checksum?.algorithm !== algorithm) {
      const expected = upload.checksum?.algorithm ?? 'null';
      throw invalidRequest(
        `Checksum Type mismatch occurred, expected checksum Type: ${expected}, actual checksum Type: ${algorithm}`,
      );
    }
    // The number of parts may be left out.
    const { base64 } = checksum;
    if (claimed !== base64 && claimed !== base64.replace(/-\d+$/, '')) throw badChecksum(algorithm);
  }
}
