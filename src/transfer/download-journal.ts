import type { SsecClient } from '../client.ts';
import type { CustomerKey } from '../keys/customer-key.ts';
import type { ObjectHead } from '../object-head.ts';
import { removeTemporary } from './atomic-file.ts';
import type { ChecksumAlgorithm } from './checksum.ts';
import type { PartPlan } from './part-plan.ts';
import type { PositionedSink } from './sink.ts';
import { type JournalPlace, type JournalRecord, TransferJournal, openJournal } from './transfer-journal.ts';

/** Grows when the meaning of a record changes. */
const FORMAT = 1;

/** Where an earlier run put the bytes that it got. */
export interface EarlierDownload {
  /** The file that was to be. */
  readonly path: string;
  /** Name of the file beside it that holds what came. */
  readonly temporaryName: string;
}

interface DownloadJournalOptions {
  readonly client: SsecClient;
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
  readonly customerKey: CustomerKey | undefined;
  readonly journal?: JournalPlace;
  readonly onNotice?: (message: string) => void;
}

/** The journal of a download. What it says of a range is believed only once the bytes on the disk agree. */
export class DownloadJournal {
  readonly #journal: TransferJournal;
  readonly #options: DownloadJournalOptions;
  readonly #sums = new Map<number, string>();

  private constructor(journal: TransferJournal, options: DownloadJournalOptions) {
    this.#journal = journal;
    this.#options = options;
  }

  /** The one that an earlier run left; undefined where there is none for this object and key. */
  static async find(options: DownloadJournalOptions): Promise<DownloadJournal | undefined> {
    if (options.journal === undefined || !TransferJournal.exists(options.journal)) return undefined;
    // whoever begins opens it too, and says then why it cannot
    const found = await DownloadJournal.open({ ...options, onNotice: () => undefined });
    if (found?.earlier !== undefined) return found;
    await found?.close();
    return undefined;
  }

  static async open(options: DownloadJournalOptions): Promise<DownloadJournal | undefined> {
    // a text key has no fingerprint that could be kept
    if (options.customerKey !== undefined && options.customerKey.fingerprint === undefined) return undefined;
    const journal = await openJournal(options.journal, options.onNotice);
    return journal && new DownloadJournal(journal, options);
  }

  get earlier(): EarlierDownload | undefined {
    const { head } = this.#journal;
    const path = head?.['path'];
    const temporaryName = head?.['temporaryName'];
    if (head?.['kind'] !== 'get' || typeof path !== 'string' || typeof temporaryName !== 'string')
      return undefined;
    return { path, temporaryName };
  }

  /** Whether what is there now is what the earlier run was getting, in the same way. */
  fits(object: ObjectHead, plan: PartPlan, algorithm: ChecksumAlgorithm): boolean {
    const { head } = this.#journal;
    const wanted = this.#describe(object, plan, algorithm);
    return head !== undefined && Object.keys(wanted).every((name) => wanted[name] === (head[name] ?? null));
  }

  /** Takes over what the earlier run noted. */
  goOn(): void {
    for (const { number, checksum } of this.#journal.pieces) {
      if (typeof number === 'number' && typeof checksum === 'string') this.#sums.set(number, checksum);
    }
  }

  async begin(
    object: ObjectHead,
    plan: PartPlan,
    algorithm: ChecksumAlgorithm,
    sink: PositionedSink,
  ): Promise<void> {
    this.#sums.clear();
    const place = { path: sink.path, temporaryName: sink.temporaryName };
    await this.#journal.begin({ ...this.#describe(object, plan, algorithm), ...place });
  }

  /** The checksum of a range, where an earlier run finished it. */
  checksumOf(number: number): string | undefined {
    return this.#sums.get(number);
  }

  add(number: number, checksum: string): Promise<void> {
    return this.#journal.add({ number, checksum });
  }

  /** Forgets the earlier run, and removes what it left. */
  async drop(): Promise<void> {
    const { earlier } = this;
    if (earlier !== undefined) await removeTemporary(earlier.path, earlier.temporaryName);
    await this.#journal.remove();
  }

  close(): Promise<void> {
    return this.#journal.keep();
  }

  remove(): Promise<void> {
    return this.#journal.remove();
  }

  #describe(object: ObjectHead, plan: PartPlan, algorithm: ChecksumAlgorithm): JournalRecord {
    const { client, bucket, key, versionId, customerKey } = this.#options;
    return {
      kind: 'get',
      format: FORMAT,
      endpoint: client.endpoint ?? null,
      bucket,
      key,
      // absent in older journals, which know of none
      versionId: versionId ?? null,
      customerKeyMd5: customerKey?.fingerprint ?? null,
      etag: object.etag ?? null,
      size: object.size,
      rangeSize: plan.partSize,
      algorithm,
    };
  }
}
