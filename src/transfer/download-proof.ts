import type { SsecClient } from '../client.ts';
import { SsecError } from '../errors.ts';
import type { CustomerKey } from '../keys/customer-key.ts';
import { formatObjectAddress } from '../object-address.ts';
import type { ObjectHead } from '../object-head.ts';
import { type ChecksumAlgorithm, type RunningChecksum, createChecksum } from './checksum.ts';
import { type PartSizes, arePartSizes, createComposite, findPartSizes } from './composite-checksum.ts';
import type { PositionedSink } from './sink.ts';

/**
 * What the bytes of a download were verified by: a full-object checksum, a composite one, or their number and the
 * ETag that stayed the same.
 */
export type DownloadProof = ChecksumAlgorithm | `${ChecksumAlgorithm}_COMPOSITE` | 'size';

/** Bytes read back at once from a file. */
const READ_BACK_BYTES = 1024 ** 2;

interface DownloadProofOptions {
  readonly client: SsecClient;
  /** As it was named, if it was. */
  readonly versionId?: string | undefined;
  readonly customerKey: CustomerKey | undefined;
  readonly onNotice?: (message: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Verifies a download by whatever checksum S3 holds for the object: in order while the bytes come, or out of the
 * file once all are there.
 */
export class DownloadVerifier {
  readonly #object: ObjectHead;
  readonly #options: DownloadProofOptions;
  readonly #running: RunningChecksum | undefined;
  readonly #parts: PartSizes | undefined;

  private constructor(
    object: ObjectHead,
    options: DownloadProofOptions,
    running: RunningChecksum | undefined,
    parts: PartSizes | undefined,
  ) {
    this.#object = object;
    this.#options = options;
    this.#running = running;
    this.#parts = parts;
  }

  static async create(object: ObjectHead, options: DownloadProofOptions): Promise<DownloadVerifier> {
    const { checksum, composite } = object;
    if (checksum !== undefined)
      return new DownloadVerifier(object, options, await createChecksum(checksum.algorithm), undefined);
    if (composite === undefined) return new DownloadVerifier(object, options, undefined, undefined);
    const parts = await findPartSizes(object, composite, { signal: undefined, ...options });
    const running = parts && (await createComposite(composite.algorithm, parts.sizes));
    return new DownloadVerifier(object, options, running, parts);
  }

  /** The next bytes, in order. */
  update(chunk: Uint8Array): void {
    this.#running?.update(chunk);
  }

  /** Reads the bytes out of the file, from its beginning. */
  async readBack(sink: PositionedSink): Promise<void> {
    if (this.#running === undefined) return;
    const buffer = Buffer.allocUnsafe(Math.min(READ_BACK_BYTES, this.#object.size));
    for (let position = 0; position < this.#object.size; position += buffer.length) {
      this.#options.signal?.throwIfAborted();
      const chunk = buffer.subarray(0, this.#object.size - position);
      if (!(await sink.readAt(position, chunk))) throw mismatch(this.#object, 'a file that is shorter');
      this.#running.update(chunk);
    }
  }

  /**
   * Once all bytes are in.
   *
   * @throws SsecError CHECKSUM_MISMATCH
   */
  async verify(): Promise<DownloadProof> {
    const { checksum, composite } = this.#object;
    if (this.#running === undefined) {
      if (composite !== undefined) this.#unverified('S3 does not say where its parts begin');
      return 'size';
    }
    const computed = await this.#running.digest();
    if (checksum !== undefined) {
      verifyChecksum(this.#object, computed);
      return checksum.algorithm;
    }
    if (composite === undefined || this.#parts === undefined) return 'size';
    if (computed === composite.value) return `${composite.algorithm}_COMPOSITE`;
    const { sizes, exact } = this.#parts;
    const agreed =
      exact || (await arePartSizes(this.#object, sizes, { signal: undefined, ...this.#options }));
    if (agreed === true) throw mismatch(this.#object, computed);
    this.#unverified(
      agreed === false ? 'its parts are not of one size' : 'S3 does not say where its parts begin',
    );
    return 'size';
  }

  #unverified(why: string): void {
    const address = formatObjectAddress(this.#object);
    this.#options.onNotice?.(`${address} has a checksum of its parts only, which was not verified: ${why}`);
  }
}

/** @throws SsecError CHECKSUM_MISMATCH where that is not what S3 holds */
export function verifyChecksum(object: ObjectHead, computed: string): void {
  if (object.checksum !== undefined && computed !== object.checksum.value) throw mismatch(object, computed);
}

function mismatch(object: ObjectHead, computed: string): SsecError {
  const stored = object.checksum ?? object.composite;
  return new SsecError(
    'CHECKSUM_MISMATCH',
    `The bytes of ${formatObjectAddress(object)} do not agree with the ${stored?.algorithm ?? 'checksum'} that S3 holds (${stored?.value ?? ''}, got ${computed}).`,
    { hints: ['get it again; if it stays so, the object is damaged'] },
  );
}
