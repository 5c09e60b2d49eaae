import type { SsecClient } from '../../client.ts';
import type { RingKey } from '../../keys/ring-files.ts';
import { formatObjectAddress } from '../../object-address.ts';
import { mapInOrder } from '../../transfer/map-in-order.ts';
import type { LsOptions } from '../commands/ls.ts';
import { terminalColumns } from '../output/help-layout.ts';
import type { OpeningKeys } from '../ring.ts';
import type { CommandContext } from '../session.ts';
import { type AskedEntry, askEncryption } from './ask-encryption.ts';
import { keyLabel, labelWidth } from './encryption-label.ts';
import { KeyTally } from './key-tally.ts';
import { type ListingEntry, isDeleteMarker, isPrefix } from './listing-entry.ts';
import { type LineLayout, listingLine } from './listing-line.ts';
import { listingRecord, sumRecord } from './listing-record.ts';
import { tallyChart } from './tally-chart.ts';

/** Objects that are asked for at once, those that wait for their turn to be told among them. */
const ASKED_AT_ONCE = 32;

/** What is listed, and how. */
export interface ListingPlan {
  readonly options: LsOptions;
  readonly bucket: string;
  readonly prefix: string;
  /** undefined = nobody asks for the encryption. */
  readonly keys: OpeningKeys | undefined;
  /** Whose objects alone are told. */
  readonly only: RingKey | 'unknown' | undefined;
}

/** One run of `ls`, from the first page to the sums; nothing is kept of an entry once it is told. */
export class Listing {
  readonly #context: CommandContext;
  readonly #client: SsecClient;
  readonly #plan: ListingPlan;
  readonly #layout: LineLayout;
  readonly #tally: KeyTally;
  #listed = 0;
  #matching = 0;
  #gone = 0;
  #denied = 0;

  constructor(context: CommandContext, client: SsecClient, plan: ListingPlan) {
    const { options, keys, only } = plan;
    const candidates = keys?.candidates ?? [];
    this.#context = context;
    this.#client = client;
    this.#plan = plan;
    this.#layout = {
      humanReadable: options.humanReadable === true,
      encryptionWidth: options.long === true ? labelWidth(candidates.map(({ name }) => name)) : undefined,
    };
    this.#tally = new KeyTally(only === undefined ? candidates : only === 'unknown' ? [] : [only]);
  }

  async run(): Promise<void> {
    const { options } = this.#plan;
    for await (const asked of this.#entries()) {
      this.#listed += 1;
      if (asked === undefined) this.#gone += 1;
      else if (this.#count(asked) && (options.summary !== true || options.long === true))
        await this.#tell(asked);
    }
    if (options.summary === true) await this.#tellSums();
    this.#tellWhatIsMissing();
  }

  async *#entries(): AsyncGenerator<AskedEntry | undefined, void, void> {
    const { keys, bucket } = this.#plan;
    const listed = await this.#list();
    if (keys === undefined) {
      for await (const entry of listed) yield { entry, known: undefined };
      return;
    }
    const from = { client: this.#client, bucket, keys };
    yield* mapInOrder(listed, (entry, stop) => askEncryption(entry, from, stop), {
      width: ASKED_AT_ONCE,
      signal: this.#context.io.signal,
    });
  }

  async #list(): Promise<AsyncGenerator<ListingEntry, void, void>> {
    const { options, bucket, prefix, only } = this.#plan;
    const query = { client: this.#client, bucket, prefix, signal: this.#context.io.signal };
    // what is counted or sought may lie anywhere below
    const isDeep = options.recursive === true || options.summary === true || only !== undefined;
    if (options.versions === true) {
      const { listObjectVersions } = await import('../../list-object-versions.ts');
      return isDeep ? listObjectVersions(query) : listObjectVersions({ ...query, delimiter: '/' });
    }
    const { listObjects } = await import('../../list-objects.ts');
    return isDeep ? listObjects(query) : listObjects({ ...query, delimiter: '/' });
  }

  /** @returns whether it is one of those that were asked for */
  #count({ entry, known }: AskedEntry): boolean {
    const { only } = this.#plan;
    if (known === 'denied') this.#denied += 1;
    if (only !== undefined) {
      if (known === undefined || known === 'denied' || known.encryption !== 'SSE-C') return false;
      if (known.ringKey !== (only === 'unknown' ? undefined : only)) return false;
    }
    this.#matching += 1;
    if (known !== undefined && !isPrefix(entry) && !isDeleteMarker(entry)) this.#tally.add(known, entry.size);
    return true;
  }

  /** Keys come from the server, and may hold anything. */
  #tell({ entry, known }: AskedEntry): Promise<void> {
    const { redactor } = this.#context.reporter;
    const { bucket, options } = this.#plan;
    return this.#context.reporter.result(
      () => listingRecord(bucket, entry, known, redactor),
      // cleaning costs more than the rest, and JSON has no use for it
      options.json === true ? '' : redactor.clean(listingLine(entry, known, this.#layout)),
    );
  }

  async #tellSums(): Promise<void> {
    const { io, reporter } = this.#context;
    const { options } = this.#plan;
    const { sums } = this.#tally;
    if (options.json === true) {
      for (const sum of sums) await reporter.result(sumRecord(this.#plan, sum, reporter.redactor), '');
      return;
    }
    if (sums.length === 0) return;
    const chart = tallyChart(sums, {
      humanReadable: options.humanReadable === true,
      counted: options.versions === true ? 'versions' : 'objects',
      columns: terminalColumns(io),
    }).map((line) => reporter.redactor.clean(line));
    const gap = options.long === true && this.#matching > 0 ? [''] : [];
    await reporter.result({ type: 'ls-summary' }, [...gap, ...chart].join('\n'));
  }

  #tellWhatIsMissing(): void {
    const { bucket, prefix, only, options } = this.#plan;
    const { reporter } = this.#context;
    const where = formatObjectAddress({ bucket, key: prefix });
    if (this.#listed === 0) reporter.notice(`there is nothing under ${where}`);
    else if (this.#matching === 0 && only !== undefined) {
      const whose = only === 'unknown' ? 'a key that is none of yours' : `the key ${keyLabel(only.name)}`;
      reporter.notice(`nothing under ${where} is encrypted with ${whose}`);
    }
    if (this.#gone > 0) reporter.notice(`${this.#gone} of those listed were gone a moment later`);
    if (this.#denied === 0) return;
    const permission = options.versions === true ? 's3:GetObjectVersion' : 's3:GetObject';
    reporter.warning(
      `of ${this.#denied} the encryption is not known: they may not be read`,
      `ask for ${permission}, and kms:Decrypt where they are under SSE-KMS`,
    );
  }
}
