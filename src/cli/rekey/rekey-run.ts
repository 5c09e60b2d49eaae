import type { SsecClient } from '../../client.ts';
import { SsecError } from '../../errors.ts';
import type { KeyFinder } from '../../key-finder.ts';
import { type ObjectAddress, formatObjectAddress } from '../../object-address.ts';
import type { ObjectVersion } from '../../object-version.ts';
import type { RekeyObjectOptions } from '../../rekey/rekey-object.ts';
import type { RekeyObjectResult } from '../../rekey/rekey-result.ts';
import type { HistoryEntry } from '../../rekey/rekey-versions.ts';
import type { ThroughClient } from '../../rekey/through-client.ts';
import type { Settings } from '../../settings/settings.ts';
import { shellWord } from '../../shell-word.ts';
import { tagsKeys } from '../key-tags.ts';
import { type CommandContext, journalFolder } from '../session.ts';
import { NOT_KEPT_NOTICE } from './rekey-notes.ts';
import type { RekeyKeys } from './rekey-keys.ts';
import type { RekeyOptions } from './rekey-options.ts';
import { rekeyLine, rekeyRecord } from './rekey-record.ts';

type Told = Pick<RekeyObjectOptions, 'onProgress' | 'onRetry'>;

/** One object that is to be rekeyed. */
export interface ObjectToRekey extends ObjectVersion {
  /** Where the copy goes; default: in place. */
  readonly target?: ObjectAddress;
  /** Its number in the manifest. */
  readonly number?: number;
  /** Bytes, where they are known beforehand. */
  readonly size?: number;
  /** All of its versions, from the newest to the oldest, where all are to be copied. */
  readonly versions?: readonly HistoryEntry[];
}

/** Rekeys objects of one run, and tells of them. */
export class RekeyRun {
  readonly keys: RekeyKeys;
  readonly #context: CommandContext;
  readonly #client: SsecClient;
  readonly #finder: KeyFinder;
  readonly #through: ThroughClient | undefined;
  readonly #options: RekeyOptions;
  readonly #tagKey: boolean;
  readonly #said = new Set<string>();

  private constructor(
    context: CommandContext,
    client: SsecClient,
    keys: RekeyKeys,
    finder: KeyFinder,
    through: ThroughClient | undefined,
    settings: Settings,
    options: RekeyOptions,
  ) {
    this.#context = context;
    this.#client = client;
    this.keys = keys;
    this.#finder = finder;
    this.#through = through;
    this.#options = options;
    this.#tagKey = tagsKeys(context, settings);
  }

  static async begin(
    context: CommandContext,
    client: SsecClient,
    keys: RekeyKeys,
    settings: Settings,
    options: RekeyOptions,
  ): Promise<RekeyRun> {
    const { KeyFinder } = await import('../../key-finder.ts');
    const finder = new KeyFinder({ client, keys: keys.candidates, first: keys.first });
    let through: ThroughClient | undefined;
    if (options.throughClient === true) {
      const library = await import('../../rekey/through-client.ts');
      through = new library.ThroughClient(client);
    }
    return new RekeyRun(context, client, keys, finder, through, settings, options);
  }

  end(): void {
    this.#through?.close();
  }

  /**
   * @param isNamed one by one: what is not to be rekeyed is then a failure
   * @returns what became of it, or of each of its versions
   * @throws SsecError as `rekeyObject`
   */
  async *of(
    object: ObjectToRekey,
    isNamed: boolean,
    told: Told,
    signal: AbortSignal,
  ): AsyncGenerator<RekeyObjectResult, void, void> {
    const { target, versions } = object;
    const options = { ...this.#optionsFor(object), ...told, signal };
    if (versions !== undefined && target !== undefined) {
      const { rekeyVersions } = await import('../../rekey/rekey-versions.ts');
      // the bucket was asked before the first of them
      yield* rekeyVersions({ ...options, target, versions, isVersioned: true });
      return;
    }
    const { rekeyObject } = await import('../../rekey/rekey-object.ts');
    const result = await rekeyObject({
      ...options,
      ...(object.versionId === undefined ? {} : { versionId: object.versionId }),
      ...(target === undefined ? {} : { target }),
      takes: (from) => {
        const isTaken = this.keys.takes(from, isNamed);
        // of many it was said at the beginning
        if (isTaken && isNamed && this.#options.dryRun !== true) this.#sayOnce(NOT_KEPT_NOTICE);
        return isTaken;
      },
      noOverwrite: !this.#options.overwrite,
      deleteOldVersion: this.#options.deleteOldVersion === true,
    });
    const isUnknown = result.from.encryption === 'SSE-C' && result.from.ringKey === undefined;
    if (result.status === 'skipped' && (isNamed || (isUnknown && this.keys.missesUnknown)))
      throw await this.#notMeant(result);
    yield result;
  }

  #optionsFor({ bucket, key, versionId, target }: ObjectToRekey) {
    const { to } = this.keys;
    const folder = journalFolder(this.#context);
    const from = formatObjectAddress({ bucket, key });
    const place = target === undefined ? from : formatObjectAddress(target);
    const name = ['rekey', this.#client.endpoint ?? '', from, versionId ?? '', place];
    return {
      client: this.#client,
      finder: this.#finder,
      bucket,
      key,
      to: { customerKey: to?.customerKey, name: to?.name },
      ...(this.#through === undefined ? {} : { throughClient: this.#through }),
      tagKey: this.#tagKey,
      dryRun: this.#options.dryRun === true,
      ...(folder === undefined ? {} : { journal: { folder, target: name } }),
      onNotice: (message: string) => this.#sayOnce(message),
    };
  }

  async tell(result: RekeyObjectResult, record?: number): Promise<void> {
    const { reporter } = this.#context;
    const { to } = this.keys;
    const make = () => rekeyRecord(result, to, record, reporter.redactor);
    // a line stands for what was done, and JSON for everything that was looked at
    if (result.status === 'rekeyed' || result.status === 'pending')
      await reporter.result(make, reporter.redactor.clean(rekeyLine(result, to)));
    else await reporter.record(make);
  }

  #sayOnce(message: string): void {
    if (this.#said.has(message)) return;
    if (this.#said.size < MOST_SAID) this.#said.add(message);
    this.#context.reporter.notice(message);
  }

  async #notMeant({ source, from }: RekeyObjectResult): Promise<SsecError> {
    if (from.encryption === 'SSE-C' && from.ringKey === undefined && this.keys.fromNames === undefined) {
      const { noneFits } = await import('../../key-finder.ts');
      return noneFits(source, this.#finder.size);
    }
    const address = formatObjectAddress(source);
    const how = `see what it is under: ssec stat ${shellWord(address)}`;
    return from.encryption === 'SSE-C'
      ? new SsecError('KEY_MISMATCH', `${address} is under another key than ${this.keys.fromLabel}.`, {
          hints: [how],
        })
      : new SsecError('KEY_NOT_NEEDED', `${address} is not encrypted with a customer key.`, {
          hints: ['to encrypt it with one: --from none'],
        });
  }
}

/** Sentences that are remembered, so that no object has the same said again. */
const MOST_SAID = 100;
