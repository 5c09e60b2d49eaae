import type { GetObjectCommandOutput, HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { SsecError } from './errors.ts';
import { type ObjectAddress, formatObjectAddress } from './object-address.ts';
import { CHECKSUM_ALGORITHMS, type CompositeChecksum, type StoredChecksum } from './transfer/checksum.ts';

/** What S3 says of an object before its bytes come. */
export interface ObjectHead {
  readonly bucket: string;
  readonly key: string;
  /** Bytes that will come: of the range, where one was asked for. */
  readonly size: number;
  readonly etag: string | undefined;
  readonly lastModified: Date | undefined;
  readonly contentType: string | undefined;
  readonly contentRange: string | undefined;
  readonly versionId: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  /** The full-object checksum that S3 holds and that is verified here. */
  readonly checksum: StoredChecksum | undefined;
  /** The checksum of the parts' checksums, where S3 holds none of the whole. */
  readonly composite: CompositeChecksum | undefined;
  /** Whether the object is encrypted with the key that was given. */
  readonly encrypted: boolean;
}

/**
 * @throws SsecError SERVICE_REFUSED where the server does not say how long the object is
 *
 * @internal
 */
export function objectHead(
  address: ObjectAddress,
  output: GetObjectCommandOutput | HeadObjectCommandOutput,
  encrypted: boolean,
): ObjectHead {
  if (output.ContentLength === undefined) {
    throw new SsecError(
      'SERVICE_REFUSED',
      `The server did not say how long ${formatObjectAddress(address)} is.`,
    );
  }
  return {
    bucket: address.bucket,
    key: address.key,
    size: output.ContentLength,
    etag: output.ETag === '' ? undefined : output.ETag,
    lastModified: output.LastModified,
    contentType: output.ContentType,
    contentRange: output.ContentRange,
    versionId: output.VersionId,
    metadata: output.Metadata ?? {},
    checksum: storedChecksum(output),
    composite: compositeChecksum(output),
    encrypted,
  };
}

/**
 * The cheapest full-object checksum in the answer. Some servers send the whole object's checksum with a range, so
 * there is none for ranges.
 */
function storedChecksum(
  output: GetObjectCommandOutput | HeadObjectCommandOutput,
): StoredChecksum | undefined {
  if (output.ContentRange !== undefined || output.ChecksumType === 'COMPOSITE') return undefined;
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const value = output[`Checksum${algorithm}`];
    if (value !== undefined && !/-\d+$/.test(value)) return { algorithm, value };
  }
  return undefined;
}

function compositeChecksum(
  output: GetObjectCommandOutput | HeadObjectCommandOutput,
): CompositeChecksum | undefined {
  if (output.ContentRange !== undefined) return undefined;
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const [, value, parts] = /^(.+)-(\d+)$/.exec(output[`Checksum${algorithm}`] ?? '') ?? [];
    if (value !== undefined) return { algorithm, value, parts: Number(parts) };
  }
  return undefined;
}
