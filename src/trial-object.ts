import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { randomBytes, randomUUID } from 'node:crypto';
import type { SsecClient } from './client.ts';
import { type ErrorCode, SsecError, withHints } from './errors.ts';
import { getObject } from './get-object.ts';
import { CustomerKey } from './keys/customer-key.ts';
import { formatObjectAddress } from './object-address.ts';
import { type LeftObject, removeIfThere, removeObject } from './object-removal.ts';
import { putObject } from './put-object.ts';
import type { PutObjectResult } from './put-request.ts';
import { serviceAnswer } from './service-answer.ts';
import { toSsecError } from './service-error.ts';
import { BytesSource } from './transfer/bytes-source.ts';

export interface TrialObjectOptions {
  readonly client: SsecClient;
  readonly bucket: string;
  /** What its key begins with. */
  readonly prefix: string;
  readonly signal?: AbortSignal;
}

/**
 * A small object under a throw-away name and a throw-away customer key, to see what a server does with it. Whoever
 * put it must `remove` it.
 */
export class TrialObject {
  readonly client: SsecClient;
  readonly bucket: string;
  readonly key: string;
  readonly customerKey: CustomerKey;
  readonly content: Buffer;
  readonly written: PutObjectResult;
  readonly signal: AbortSignal | undefined;

  private constructor(
    options: TrialObjectOptions,
    trial: Pick<TrialObject, 'key' | 'customerKey' | 'content' | 'written'>,
  ) {
    this.client = options.client;
    this.bucket = options.bucket;
    this.signal = options.signal;
    this.key = trial.key;
    this.customerKey = trial.customerKey;
    this.content = trial.content;
    this.written = trial.written;
  }

  /** @throws SsecError SSEC_BLOCKED, ACCESS_DENIED, KEY_IGNORED, ... as `putObject` */
  static async put(options: TrialObjectOptions): Promise<TrialObject> {
    const { client, bucket, prefix, signal } = options;
    const key = `${prefix}ssec-doctor-${randomUUID()}`;
    const customerKey = CustomerKey.generate();
    const content = randomBytes(64);
    const put = putObject({
      client,
      bucket,
      key,
      customerKey,
      source: new BytesSource(content, key),
      contentType: 'application/octet-stream',
      ...(signal === undefined ? {} : { signal }),
    });
    const written = await put.catch(async (error: unknown) => {
      throw await afterFailedPut(error, { client, bucket, key, customerKey });
    });
    return new TrialObject(options, { key, customerKey, content, written });
  }

  get address(): string {
    return formatObjectAddress(this);
  }

  /**
   * Whether the server shows it to the key and refuses it without: the proof that it is encrypted under it.
   *
   * @returns undefined where these credentials may not ask
   * @throws SsecError KEY_MISMATCH, NETWORK, ... where the server does not open it with the key
   */
  async isLocked(): Promise<boolean | undefined> {
    try {
      await this.#head(this.customerKey.requestFields());
    } catch (error) {
      if (serviceAnswer(error)?.status === 403) return undefined;
      throw toSsecError(error, { ...this.#request('HeadObject'), customerKeySent: true });
    }
    try {
      await this.#head({});
      return false;
    } catch (error) {
      const status = serviceAnswer(error)?.status;
      if (status === 400) return true;
      if (status === 403) return undefined;
      throw toSsecError(error, this.#request('HeadObject'));
    }
  }

  /** @throws SsecError CHECKSUM_MISMATCH, ACCESS_DENIED, ... as `getObject` */
  async read(): Promise<void> {
    const chunks: Buffer[] = [];
    await getObject({
      client: this.client,
      bucket: this.bucket,
      key: this.key,
      customerKey: this.customerKey,
      openSink: () =>
        Promise.resolve({
          write: (chunk) => {
            chunks.push(Buffer.from(chunk));
            return Promise.resolve();
          },
          commit: () => Promise.resolve(),
          discard: () => Promise.resolve(),
        }),
      ...(this.signal === undefined ? {} : { signal: this.signal }),
    });
    if (Buffer.concat(chunks).equals(this.content)) return;
    throw new SsecError('CHECKSUM_MISMATCH', `Other bytes came back from ${this.address} than were put.`);
  }

  /** Takes it away, after an interruption too. */
  remove(): Promise<LeftObject | undefined> {
    const { client, bucket, key, written } = this;
    return removeObject({ client, bucket, key }, written.versionId);
  }

  async #head(fields: object): Promise<void> {
    const { client, bucket, key, signal } = this;
    await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key, ...fields }), { signal });
  }

  #request(operation: string) {
    const { client, bucket, key } = this;
    return { operation, bucket, key, customerKeySent: false, endpoint: client.endpoint };
  }
}

/** Refusals after which nothing is there. */
const CLEAN_REFUSALS: readonly ErrorCode[] = [
  'ACCESS_DENIED',
  'SSEC_BLOCKED',
  'BUCKET_NOT_FOUND',
  'WRONG_REGION',
  'USAGE',
];

/** After any other failure the object may be there all the same; its name is nobody else's, so it can go. */
async function afterFailedPut(
  error: unknown,
  place: Pick<TrialObject, 'client' | 'bucket' | 'key' | 'customerKey'>,
): Promise<unknown> {
  if (!(error instanceof SsecError) || CLEAN_REFUSALS.includes(error.code)) return error;
  const { client, bucket, key, customerKey } = place;
  const left = await removeIfThere({ client, bucket, key }, customerKey);
  if (left !== undefined) {
    return withHints(error, [`${formatObjectAddress(left)} may have been left: ${left.reason.message}`]);
  }
  if (error.code !== 'KEY_IGNORED') return error;
  return new SsecError(error.code, error.message, {
    hints: ['the object was deleted again', ...error.hints.slice(1)],
    cause: error.cause,
    context: error.context,
  });
}
