import {
  type Checksum,
  type ChecksumAlgorithm,
  checksumAlgorithms,
  checksumBytes,
  checksumHeader,
  isChecksumAlgorithm,
} from '../checksum/checksum.ts';
import type { S3Request } from '../http/s3-request.ts';
import { headerNotImplemented, invalidRequest, S3Error } from '../s3-error.ts';

/** What the client says about its body, and what is checked against it. */
export interface IntegrityHeaders {
  /** base64 of 16 bytes */
  readonly contentMd5: string | undefined;
  /** A checksum that came as a header. */
  readonly checksum: Checksum | undefined;
  /** A checksum that is to come after the body. */
  readonly trailer: ChecksumAlgorithm | undefined;
}

export function readIntegrityHeaders(request: S3Request): IntegrityHeaders {
  const contentMd5 = request.headers.get('content-md5');
  if (contentMd5 !== undefined && !isBase64Of(contentMd5, 16)) {
    throw new S3Error(400, 'InvalidDigest', 'The Content-MD5 you specified was invalid.', {
      'Content-MD5': contentMd5,
    });
  }
  const given = checksumAlgorithms.filter((algorithm) => request.headers.has(checksumHeader(algorithm)));
  const trailer = readTrailerName(request);
  if (given.length + (trailer === undefined ? 0 : 1) > 1) {
    throw invalidRequest(
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
  }
  const announced = request.headers.get('x-amz-sdk-checksum-algorithm');
  const [algorithm] = given;
  if (announced !== undefined && algorithm === undefined && trailer === undefined) {
    throw invalidRequest(
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  }
  return {
    contentMd5,
    trailer,
    checksum: algorithm && checksumOf(algorithm, request.headers.get(checksumHeader(algorithm)) ?? ''),
  };
}

export function checksumOf(algorithm: ChecksumAlgorithm, base64: string): Checksum {
  if (!isBase64Of(base64, checksumBytes[algorithm])) {
    throw invalidRequest(`Value for ${checksumHeader(algorithm)} header is invalid.`);
  }
  return { algorithm, base64 };
}

function readTrailerName(request: S3Request): ChecksumAlgorithm | undefined {
  const trailer = request.headers.get('x-amz-trailer')?.trim().toLowerCase();
  if (trailer === undefined || trailer === '') return undefined;
  const algorithm = trailer.replace(/^x-amz-checksum-/, '');
  if (!isChecksumAlgorithm(algorithm) || trailer === algorithm) throw headerNotImplemented('x-amz-trailer');
  return algorithm;
}

function isBase64Of(text: string, length: number): boolean {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === length && bytes.toString('base64') === text;
}
