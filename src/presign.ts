import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { Sha256Node } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { buildQueryString } from '@smithy/core/protocols';
import { hostOf } from './request-handler.ts';
import type { SsecClient } from './client.ts';
import { SsecError } from './errors.ts';
import type { CustomerKey } from './keys/customer-key.ts';
import { type ObjectAddress, checkBucketName, checkObjectKey } from './object-address.ts';
import { checkVersionId, versionField } from './object-version.ts';

export interface PresignOptions extends ObjectAddress {
  readonly client: SsecClient;
  readonly method: 'GET' | 'PUT';
  readonly customerKey: CustomerKey;
  /** Seconds until the URL is refused: 1 to 604,800, a week. */
  readonly expiresIn: number;
  /** Which version of it to get; default: the current one. A PUT takes none. */
  readonly versionId?: string | undefined;
}

/** A request that whoever has the customer key as well may send without credentials. */
export interface PresignedRequest {
  readonly method: 'GET' | 'PUT';
  /** Holds no part of the customer key; it is signed, so that no other opens it. */
  readonly url: string;
  /** That must be sent with it, by name. The last two are of the key, and one of them is the key. */
  readonly headers: Readonly<Record<string, string>>;
  readonly expires: Date;
}

const MAX_SECONDS = 7 * 86_400;
/** Names of the headers that S3 demands to be signed, and that stay headers. */
const SSE_C_PREFIX = 'x-amz-server-side-encryption-customer-';

/**
 * A URL for an object with the SSE-C headers signed: S3 takes them as headers only, so that a browser cannot open it.
 * No request is made. The credentials must be valid for as long as the URL is to be.
 *
 * @throws SsecError USAGE for a time that S3 does not take, CREDENTIALS_MISSING, ...
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html (presigned URLs)
 */
export async function presign(options: PresignOptions): Promise<PresignedRequest> {
  const { client, method, bucket, key, customerKey, expiresIn, versionId } = options;
  checkBucketName(bucket);
  checkObjectKey(key);
  checkVersionId(versionId);
  if (!Number.isInteger(expiresIn) || expiresIn < 1 || expiresIn > MAX_SECONDS) {
    throw new SsecError('USAGE', `A URL can be valid for 1 second to 7 days, not for ${expiresIn} s.`);
  }
  const input = { Bucket: bucket, Key: key, ...customerKey.requestFields() };
  const request = await client.prepare(
    method === 'GET'
      ? new GetObjectCommand({ ...input, ...versionField({ versionId }) })
      : new PutObjectCommand(input),
  );
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => name.startsWith(SSE_C_PREFIX)),
  );
  request.headers = {
    host: request.headers['host'] ?? request.hostname,
    ...headers,
    // as AWS's own tools spell it in the URL
    'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD',
  };
  delete request.query['x-id'];
  const { credentials, region } = await client.signing();
  const signer = new SignatureV4({
    service: 's3',
    region,
    credentials,
    sha256: Sha256Node,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const signingDate = new Date();
  const signed = await signer.presign(request, {
    expiresIn,
    signingDate,
    unhoistableHeaders: new Set(Object.keys(headers)),
  });
  return {
    method,
    url: `https://${hostOf(request)}${signed.path}?${buildQueryString(signed.query ?? {})}`,
    headers,
    expires: new Date(Math.floor(signingDate.getTime() / 1000) * 1000 + expiresIn * 1000),
  };
}
