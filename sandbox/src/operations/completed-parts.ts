import {
  type Checksum,
  type ChecksumAlgorithm,
  checksumAlgorithms,
  checksumElement,
} from '../checksum/checksum.ts';
import { childText, parseXml } from '../http/parse-xml.ts';
import { invalidRequest, malformedXml, S3Error } from '../s3-error.ts';
import type { PartRecord, Upload } from '../store/upload-record.ts';
import { maxParts, parsePartNumber } from './part-number.ts';

/** A part as CompleteMultipartUpload names it. */
export interface NamedPart {
  readonly number: number;
  /** Without quotes. */
  readonly etag: string;
  readonly checksums: readonly Checksum[];
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
export function readNamedParts(document: string): NamedPart[] {
  const root = parseXml(document);
  const parts = root.children;
  const isList = parts.every(({ name }) => name === 'Part') && parts.length > 0 && parts.length <= maxParts;
  if (root.name !== 'CompleteMultipartUpload' || !isList) throw malformedXml();
  return parts.map((part) => {
    const number = childText(part, 'PartNumber');
    const etag = childText(part, 'ETag');
    if (number === undefined || etag === undefined) throw malformedXml();
    const checksums = checksumAlgorithms.flatMap((algorithm) => {
      const base64 = childText(part, checksumElement(algorithm));
      return base64 === undefined ? [] : [{ algorithm, base64 }];
    });
    if (part.children.length !== 2 + checksums.length) throw malformedXml();
    return { number: parsePartNumber(number.trim()), etag: etag.trim().replaceAll('"', ''), checksums };
  });
}

export type Parts = readonly [PartRecord, ...PartRecord[]];

/** The parts that the list names, once each is the one that was uploaded, large enough and in its place. */
export function selectParts(
  { record, parts }: Upload,
  named: readonly NamedPart[],
  minPartBytes: number,
): Parts {
  const selected = named.map((name, index) => {
    if (name.number <= (named[index - 1]?.number ?? 0)) {
      throw new S3Error(
        400,
        'InvalidPartOrder',
        'The list of parts was not in ascending order. Parts must be ordered by part number.',
        { UploadId: record.uploadId },
      );
    }
    const part = parts.get(name.number);
    if (part?.etag !== name.etag || part === undefined) throw invalidPart(record.uploadId, name);
    checkChecksum(record, name, part);
    return part;
  });
  const small = selected.slice(0, -1).find(({ size }) => size < minPartBytes);
  if (small !== undefined) {
    throw new S3Error(
      400,
      'EntityTooSmall',
      'Your proposed upload is smaller than the minimum allowed size',
      {
        ProposedSize: String(small.size),
        MinSizeAllowed: String(minPartBytes),
        PartNumber: String(small.number),
        ETag: small.etag,
      },
    );
  }
  const [first, ...rest] = selected;
  if (first === undefined) throw malformedXml();
  return [first, ...rest];
}

function checkChecksum({ uploadId, checksum }: Upload['record'], name: NamedPart, part: PartRecord): void {
  // Where the upload has no algorithm S3 keeps no part's checksum, so that none can be right.
  if (checksum === undefined && name.checksums.length > 0) throw invalidPart(uploadId, name);
  if (checksum === undefined) return;
  const given = name.checksums.find(({ algorithm }) => algorithm === checksum.algorithm);
  if (given !== undefined) {
    if (given.base64 !== part.checksum.base64) throw invalidPart(uploadId, name);
    return;
  }
  const [other] = name.checksums;
  if (other !== undefined) throw badPartDigest(other.algorithm, name.number);
  if (checksum.type === 'FULL_OBJECT') return;
  throw invalidRequest(
    `The upload was created using a ${checksum.algorithm} checksum. The complete request must include the checksum for each part. It was missing for part ${name.number} in the request.`,
  );
}

function badPartDigest(algorithm: ChecksumAlgorithm, number: number): S3Error {
  return new S3Error(
    400,
    'BadDigest',
    `The ${algorithm} you specified for part ${number} did not match what we received.`,
  );
}

function invalidPart(uploadId: string, { number, etag }: NamedPart): S3Error {
  return new S3Error(
    400,
    'InvalidPart',
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
    { UploadId: uploadId, PartNumber: String(number), ETag: etag },
  );
}
