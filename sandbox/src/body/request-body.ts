import { createHash } from 'node:crypto';
import type { Identity } from '../auth/authenticate.ts';
import {
  type Checksum,
  type ChecksumAlgorithm,
  checksumHeader,
  startChecksum,
} from '../checksum/checksum.ts';
import type { S3Request } from '../http/s3-request.ts';
import { badChecksum, invalidRequest, S3Error } from '../s3-error.ts';
import { AwsChunkedDecoder, incompleteBody, type TrailerField } from './aws-chunked.ts';
import { ChunkSignatures } from './chunk-signatures.ts';
import { checksumOf, type IntegrityHeaders } from './integrity-headers.ts';
import { type PayloadEncoding, readContentLength, readPayloadEncoding } from './payload-encoding.ts';

/** What is known of a body once all of it was read and agreed with what the client said. */
export interface VerifiedContent {
  /** By the algorithm that was asked for, else the client's, else the CRC64NVME that S3 adds. */
  readonly checksum: Checksum;
  /** The client's, if it sent one. */
  readonly claimed: Checksum | undefined;
  readonly md5: Buffer | undefined;
}

export interface ContentReading {
  readonly integrity: IntegrityHeaders;
  /** Compute the MD5 though no Content-MD5 was sent: it is the ETag of a plain object. */
  readonly withMd5: boolean;
  /** The checksum to give back, where it need not be the client's. */
  readonly algorithm?: ChecksumAlgorithm | undefined;
}

const maxDocumentBytes = 1024 * 1024;

/** A request's body: content comes out of it decoded, and ends in an error unless every claim about it holds. */
export class RequestBody {
  readonly #request: S3Request;
  readonly #identity: Identity;
  readonly #open: () => AsyncIterable<Buffer>;
  readonly #encoding: PayloadEncoding;

  /** `open` begins to read: where the client waits for 100 Continue, it is sent then. */
  constructor(request: S3Request, identity: Identity, open: () => AsyncIterable<Buffer>) {
    this.#request = request;
    this.#identity = identity;
    this.#open = open;
    this.#encoding = readPayloadEncoding(identity.payloadHash);
  }

  contentLength(): number {
    return readContentLength(this.#request, this.#encoding);
  }

  /** Hands each piece of content to `take`, in order. */
  async read(
    reading: ContentReading,
    take: (piece: Buffer) => Promise<void> | void,
  ): Promise<VerifiedContent> {
    const { integrity } = reading;
    const length = this.contentLength();
    const claimedAlgorithm = integrity.checksum?.algorithm ?? integrity.trailer;
    const algorithm = reading.algorithm ?? claimedAlgorithm ?? 'crc64nvme';
    const checksums = new Map(
      [algorithm, claimedAlgorithm ?? algorithm].map((name) => [name, startChecksum(name)]),
    );
    const md5 = reading.withMd5 || integrity.contentMd5 !== undefined ? createHash('md5') : undefined;
    let received = 0;
    const trailer = await this.#decode(integrity, async (piece) => {
      received += piece.length;
      if (received > length) throw incompleteBody();
      for (const checksum of checksums.values()) checksum.update(piece);
      md5?.update(piece);
      await take(piece);
    });
    if (received !== length) throw incompleteBody();

    const digest = md5?.digest();
    if (integrity.contentMd5 !== undefined && digest?.toString('base64') !== integrity.contentMd5) {
      throw new S3Error(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.', {
        ExpectedDigest: integrity.contentMd5,
        CalculatedDigest: digest?.toString('base64') ?? '',
      });
    }
    const values = new Map([...checksums].map(([name, state]) => [name, state.base64()]));
    const claimed = integrity.checksum ?? trailerChecksum(integrity, trailer);
    if (claimed !== undefined && claimed.base64 !== values.get(claimed.algorithm)) {
      throw badChecksum(claimed.algorithm);
    }
    return { checksum: { algorithm, base64: values.get(algorithm) ?? '' }, claimed, md5: digest };
  }

  /** The whole of a small body, as of an XML document. */
  async readDocument(integrity: IntegrityHeaders): Promise<Buffer> {
    const { headers } = this.#request;
    const isEmpty = !headers.has('content-length') && !headers.has('transfer-encoding');
    if (isEmpty && this.#encoding.kind !== 'chunked') {
      const none = createHash('sha256').digest('hex');
      if (this.#encoding.kind === 'hashed' && this.#encoding.sha256 !== none) throw contentSha256Mismatch();
      return Buffer.alloc(0);
    }
    if (this.contentLength() > maxDocumentBytes) {
      throw new S3Error(400, 'MaxMessageLengthExceeded', 'Your request was too big.', {
        MaxMessageLengthBytes: String(maxDocumentBytes),
      });
    }
    const pieces: Buffer[] = [];
    await this.read({ integrity, withMd5: false }, (piece) => void pieces.push(Buffer.from(piece)));
    return Buffer.concat(pieces);
  }

  async #decode(
    integrity: IntegrityHeaders,
    take: (piece: Buffer) => Promise<void>,
  ): Promise<readonly TrailerField[]> {
    const encoding = this.#encoding;
    if (encoding.kind !== 'chunked') {
      const hash = encoding.kind === 'hashed' ? createHash('sha256') : undefined;
      for await (const piece of this.#open()) {
        hash?.update(piece);
        await take(piece);
      }
      if (encoding.kind === 'hashed' && hash?.digest('hex') !== encoding.sha256)
        throw contentSha256Mismatch();
      return [];
    }
    if (!encoding.trailer && integrity.trailer !== undefined) {
      throw invalidRequest('x-amz-trailer needs an x-amz-content-sha256 that announces a trailer.');
    }
    const decoder = new AwsChunkedDecoder({
      ...(encoding.signed ? { verifier: new ChunkSignatures(this.#identity) } : {}),
      trailers: integrity.trailer === undefined ? [] : [checksumHeader(integrity.trailer)],
    });
    for await (const bytes of this.#open()) {
      for (const piece of decoder.push(bytes)) await take(piece);
    }
    return decoder.finish();
  }
}

function trailerChecksum(
  integrity: IntegrityHeaders,
  trailer: readonly TrailerField[],
): Checksum | undefined {
  const [field] = trailer;
  if (integrity.trailer === undefined || field === undefined) return undefined;
  return checksumOf(integrity.trailer, field.value);
}

function contentSha256Mismatch(): S3Error {
  return new S3Error(
    400,
    'XAmzContentSHA256Mismatch',
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  );
}
