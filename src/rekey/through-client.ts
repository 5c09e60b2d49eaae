import { Readable } from 'node:stream';
import type { SsecClient } from '../client.ts';
import { type ErrorCode, SsecError } from '../errors.ts';
import { getObject } from '../get-object.ts';
import { getObjectStream } from '../get-object-stream.ts';
import { formatObjectAddress } from '../object-address.ts';
import type { ObjectHead } from '../object-head.ts';
import { putObject } from '../put-object.ts';
import type { PutObjectOptions, PutObjectResult } from '../put-request.ts';
import { whileBusy } from '../transfer/attempts.ts';
import { BytesSource } from '../transfer/bytes-source.ts';
import { SINGLE_PUT_BYTES } from '../transfer/part-plan.ts';
import { RequestSlots } from '../transfer/request-slots.ts';
import { StreamSource } from '../transfer/stream-source.ts';
import { headersOf } from './copied-description.ts';
import { isUnchanged } from './copy-refusal.ts';
import { changedMeanwhile } from './rekey-errors.ts';
import { type Copied, type Rekeying, isInPlace } from './rekeying.ts';

/** What small objects may hold in memory together (bytes). */
const MEMORY_BYTES = 64 * 1024 ** 2;

/**
 * The way for servers that cannot copy between keys: down and up again through this machine, verified both ways, and
 * never on disk. Small objects are held in memory one by one; of the large ones one at a time flows through, in parts.
 */
export class ThroughClient {
  /** Requests of its own: a download must not wait for the upload that waits for it. */
  readonly #reader: SsecClient;
  readonly #large = new RequestSlots(1);
  readonly #memory = new RequestSlots(MEMORY_BYTES);

  constructor(client: SsecClient) {
    this.#reader = client.twin();
  }

  /** Ends its connections. */
  close(): void {
    this.#reader.close();
  }

  /** @internal @throws SsecError as `getObject` and `putObject`; OBJECT_CHANGED */
  async copy(rekeying: Rekeying): Promise<Copied> {
    const isSmall = (rekeying.head.ContentLength ?? 0) <= SINGLE_PUT_BYTES;
    const { client, onRetry, signal } = rekeying;
    const copy = isSmall
      ? whileBusy({ maxAttempts: client.maxAttempts, signal, onRetry }, () => this.#whole(rekeying))
      : this.#flowing(rekeying);
    const { proof, versionId } = await copy.catch((error: unknown) => {
      throw isOfOtherKey(error) ? changedMeanwhile(rekeying, error) : error;
    });
    return { by: 'client', versionId, sent: proof === 'create-echo' ? 'size' : proof };
  }

  async #whole(rekeying: Rekeying): Promise<PutObjectResult> {
    const { source, head, signal } = rekeying;
    const size = head.ContentLength ?? 0;
    const release = await this.#memory.acquire(size, signal);
    try {
      const bytes = await this.#read(rekeying, size);
      return await putObject({
        ...writing(rekeying),
        source: new BytesSource(bytes, formatObjectAddress(source)),
      });
    } finally {
      release();
    }
  }

  async #read(rekeying: Rekeying, size: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(size);
    let filled = 0;
    await getObject({
      ...this.#reading(rekeying),
      openSink: (object) => {
        requireSame(rekeying, object);
        return Promise.resolve({
          write: (chunk) => {
            bytes.set(chunk, filled);
            filled += chunk.length;
            return Promise.resolve();
          },
          commit: () => Promise.resolve(),
          discard: () => Promise.resolve(),
        });
      },
    });
    return bytes;
  }

  async #flowing(rekeying: Rekeying): Promise<PutObjectResult> {
    const { source, signal } = rekeying;
    const release = await this.#large.acquire(1, signal);
    let stream: Readable | undefined;
    try {
      const { object, stream: body } = await getObjectStream(this.#reading(rekeying));
      stream = body;
      requireSame(rekeying, object);
      const chunks = Readable.from(untilChanged(rekeying, body), { objectMode: false });
      const from = new StreamSource(chunks, formatObjectAddress(source), signal);
      return await putObject({ ...writing(rekeying), source: from });
    } finally {
      stream?.destroy();
      release();
    }
  }

  #reading({ source, from, onRetry, signal }: Rekeying) {
    return {
      client: this.#reader,
      ...source,
      customerKey: from,
      ...(onRetry === undefined ? {} : { onRetry }),
      ...(signal === undefined ? {} : { signal }),
    };
  }
}

/** The stream ends, and with it the upload, only if nobody wrote its source meanwhile: not every server looks. */
async function* untilChanged(rekeying: Rekeying, body: Readable): AsyncGenerator<Buffer> {
  yield* body as AsyncIterable<Buffer>;
  if (isInPlace(rekeying) && !(await isUnchanged(rekeying))) throw changedMeanwhile(rekeying);
}

/** The key opened the source before: by now there is another. */
function isOfOtherKey(error: unknown): boolean {
  return error instanceof SsecError && OTHER_KEY.has(error.code);
}

const OTHER_KEY: ReadonlySet<ErrorCode> = new Set(['KEY_MISMATCH', 'KEY_MISSING', 'KEY_NOT_NEEDED']);

function requireSame(rekeying: Rekeying, object: ObjectHead): void {
  const { ETag: etag, ContentLength: size } = rekeying.head;
  if (object.etag !== etag || object.size !== size) throw changedMeanwhile(rekeying);
}

function writing(rekeying: Rekeying): Omit<PutObjectOptions, 'source'> {
  const { client, target, to, head, tags, noOverwrite, onProgress, onRetry, onNotice, signal } = rekeying;
  return {
    client,
    ...target,
    customerKey: to,
    metadata: head.Metadata ?? {},
    headers: headersOf(head),
    ...(head.ContentType === undefined ? {} : { contentType: head.ContentType }),
    ...(head.StorageClass === undefined ? {} : { storageClass: head.StorageClass }),
    ...(tags === undefined ? {} : { tags }),
    ...(isInPlace(rekeying) && head.ETag !== undefined ? { ifMatch: head.ETag } : {}),
    ...(noOverwrite ? { noOverwrite } : {}),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(onRetry === undefined ? {} : { onRetry }),
    ...(onNotice === undefined ? {} : { onNotice }),
    ...(signal === undefined ? {} : { signal }),
  };
}
