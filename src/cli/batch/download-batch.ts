import { lstatSync } from 'node:fs';
import type { SsecClient } from '../../client.ts';
import { SsecError } from '../../errors.ts';
import type { getObject } from '../../get-object.ts';
import type { ListedObject } from '../../list-objects.ts';
import { type ObjectAddress, formatObjectAddress } from '../../object-address.ts';
import type { sameContent } from '../../same-content.ts';
import type { Settings } from '../../settings/settings.ts';
import { openFileTarget } from '../../transfer/atomic-file.ts';
import type { EarlierDownload } from '../../transfer/download-journal.ts';
import type { Sink } from '../../transfer/sink.ts';
import { SmallFileSink, replacedFile } from '../../transfer/small-file-sink.ts';
import { SMALL_FILE_BYTES, openFile } from '../../transfer/small-file.ts';
import { downloadJournal, getRecord, ownFileRefused, withKeyHints } from '../download.ts';
import type { Progress } from '../output/reporter.ts';
import type { NamedKey, OpeningKeys } from '../ring.ts';
import type { CommandContext } from '../session.ts';
import { BATCH_WIDTH, type BatchOptions } from './batch-options.ts';
import { BatchProgress } from './batch-progress.ts';
import { BatchTally } from './batch-tally.ts';
import { type BatchItem, itemFailure } from './item-failure.ts';
import { whyNoPath } from './key-to-path.ts';
import type { LocalFolder } from './local-folder.ts';
import { MemoryBudget } from './memory-budget.ts';
import type { ObjectPrefix } from './object-prefix.ts';
import type { PathFilter } from './path-filter.ts';
import { concernsAll, runBatch } from './run-batch.ts';

export interface DownloadPlan {
  readonly from: ObjectPrefix;
  readonly folder: LocalFolder;
  readonly settings: Settings;
  readonly keys: OpeningKeys;
  readonly filter: PathFilter;
  readonly options: BatchOptions & { readonly overwrite: boolean };
  /** Files that are not replaced: those that hold the key. */
  readonly untouched: ReadonlySet<string>;
  readonly platform: NodeJS.Platform;
}

/** An object that the listing names, and its key without the prefix. */
interface Found {
  readonly object: ListedObject;
  readonly relative: string;
}

/** What is loaded once, and not for each object. */
interface Tools {
  readonly client: SsecClient;
  readonly getObject: typeof getObject;
  readonly sameContent: typeof sameContent;
  readonly progress: BatchProgress;
}

/** All objects under a prefix on their way down. */
export class DownloadBatch {
  readonly #context: CommandContext;
  readonly #plan: DownloadPlan;
  readonly #tally: BatchTally;
  readonly #memory = new MemoryBudget();
  #isEmpty = true;
  #plain = 0;

  constructor(context: CommandContext, plan: DownloadPlan) {
    this.#context = context;
    this.#plan = plan;
    this.#tally = new BatchTally(context.reporter, plan.options);
  }

  async run(client: SsecClient): Promise<void> {
    const { io, reporter } = this.#context;
    const { options, from } = this.#plan;
    const address = formatObjectAddress({ bucket: from.bucket, key: from.prefix });
    const isDry = options.dryRun === true;
    const shown = isDry ? undefined : await reporter.progress(address, undefined, io.signal);
    const tools = await loadTools(client, shown);
    try {
      await runBatch({
        items: (signal) => this.#find(tools, signal),
        onBegin: () => {
          if (!isDry) tools.progress.seen();
          this.#tally.seen();
        },
        run: (found, signal) => (isDry ? this.#tell(found, tools, signal) : this.#one(found, tools, signal)),
        onFailure: (error, found) => {
          this.#tally.failed(itemFailure(error, this.#item(found)));
          tools.progress.ended();
        },
        describe: (error, found) => itemFailure(error, this.#item(found)),
        width: isDry ? 1 : BATCH_WIDTH,
        failFast: options.failFast === true,
        signal: io.signal,
      });
      shown?.stop(this.#tally.hasFailed ? 'failed' : 'done');
    } finally {
      shown?.stop();
    }
    if (this.#isEmpty) throw new SsecError('OBJECT_NOT_FOUND', `There is no object under ${address}.`);
    if (this.#plain > 0)
      reporter.notice(`${this.#plain} of the objects are not encrypted with a customer key`);
    this.#tally.end(`No object under ${address} is one to get.`);
  }

  #item({ object, relative }: Found): BatchItem {
    const hasPath = whyNoPath(relative, this.#plan.platform) === undefined;
    const path = hasPath ? this.#plan.folder.place(relative).shown : undefined;
    return { label: object.key, path, bucket: this.#plan.from.bucket, key: object.key };
  }

  async *#find({ client, progress }: Tools, signal: AbortSignal): AsyncGenerator<Found> {
    const { listObjects } = await import('../../list-objects.ts');
    const { from, filter } = this.#plan;
    let files = 0;
    let bytes = 0;
    for await (const object of listObjects({ client, ...from, signal })) {
      this.#isEmpty = false;
      // where a server lists what was not asked for
      if (!object.key.startsWith(from.prefix)) continue;
      const relative = object.key.slice(from.prefix.length);
      // what consoles make to show an empty folder
      if ((relative === '' || relative.endsWith('/')) && object.size === 0) continue;
      if (!filter.takes(relative)) continue;
      files += 1;
      bytes += object.size;
      yield { object, relative };
    }
    progress.total(files, bytes);
  }

  /** @returns where the object may go, as far as its name says. Nothing is made for it yet. */
  #place({ relative }: Found): { readonly path: string; readonly shown: string } {
    const why = whyNoPath(relative, this.#plan.platform);
    if (why !== undefined) {
      throw new SsecError('FILE_UNWRITABLE', `The key cannot be the path of a file: ${why}.`, {
        hints: ['get it alone, under a name of your own: ssec get KEY -o FILE'],
      });
    }
    const place = this.#plan.folder.place(relative);
    if (this.#plan.untouched.has(place.path)) throw ownFileRefused(place.shown, 'get it elsewhere: -o DIR');
    return place;
  }

  async #one(found: Found, tools: Tools, signal: AbortSignal): Promise<void> {
    const { object, relative } = found;
    const { path, shown } = this.#place(found);
    this.#plan.folder.claim(relative);
    try {
      if (await this.#isThere(object, path, tools, signal)) {
        this.#tally.skipped();
        tools.progress.ended(object.size);
        return;
      }
      // before it is asked for, so that nothing comes in vain; else at the end, where it counts
      if (!this.#plan.options.overwrite) replacedFile(path, { name: shown, noOverwrite: true });
      await this.#get(found, path, tools, signal);
    } finally {
      this.#plan.folder.release(relative);
    }
  }

  /** Whether the file holds what S3 holds. Where that cannot be told, the object is got, which tells why. */
  async #isThere(object: ListedObject, path: string, tools: Tools, signal: AbortSignal): Promise<boolean> {
    const { options, from, keys } = this.#plan;
    if (options.skipExisting !== true || fileSize(path) !== object.size) return false;
    const address = { bucket: from.bucket, key: object.key };
    const source = await openFile(path, path);
    try {
      const same = await keys.open(
        tools.client,
        address,
        (key) =>
          tools.sameContent({
            client: tools.client,
            ...address,
            customerKey: key?.customerKey,
            source,
            signal,
          }),
        signal,
      );
      if (same === 'unknown') this.#tally.cannotCompare();
      return same === true;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SsecError && concernsAll(error)) throw error;
      return false;
    } finally {
      await source.close();
    }
  }

  async #get(found: Found, path: string, tools: Tools, signal: AbortSignal): Promise<void> {
    const { io, reporter } = this.#context;
    const { from, keys, settings } = this.#plan;
    const { object, relative } = found;
    const address: ObjectAddress = { bucket: from.bucket, key: object.key };
    const isSmall = object.size <= SMALL_FILE_BYTES;
    const journal = isSmall ? undefined : downloadJournal(this.#context, tools.client, address, path);
    const release = await this.#memory.acquire(object.size, signal);
    try {
      const getWith = async (key: NamedKey | undefined) => ({
        key,
        result: await tools.getObject({
          client: tools.client,
          ...address,
          customerKey: key?.customerKey,
          signal,
          ...(journal === undefined ? {} : { journal }),
          ...(isSmall ? {} : tools.progress.item()),
          openSink: ({ size }, earlier) => this.#open(relative, size, earlier),
          onNotice: (message) => reporter.notice(`${object.key}: ${message}`),
        }),
      });
      const { key, result } = await keys
        .open(tools.client, address, getWith, signal)
        .catch((error: unknown) => {
          throw withKeyHints(error, address, settings, io);
        });
      tools.progress.ended(isSmall ? result.size : 0);
      if (!result.encrypted) this.#plain += 1;
      const { shown } = this.#plan.folder.place(relative);
      // names are the server's, and may hold anything
      const line = reporter.redactor.clean(shown);
      await reporter.result(() => getRecord(result, shown, key, reporter.redactor), line);
    } finally {
      release?.();
    }
  }

  async #open(relative: string, size: number, earlier: EarlierDownload | undefined): Promise<Sink> {
    const { folder, options } = this.#plan;
    const { path, shown } = folder.prepare(relative);
    const target = { name: shown, noOverwrite: !options.overwrite };
    if (size <= SMALL_FILE_BYTES && earlier === undefined) return new SmallFileSink(path, size, target);
    replacedFile(path, target);
    return openFileTarget(path, {
      ...target,
      ...(earlier === undefined ? {} : { temporaryName: earlier.temporaryName }),
    });
  }

  async #tell(found: Found, tools: Tools, signal: AbortSignal): Promise<void> {
    const { object } = found;
    const { path, shown } = this.#place(found);
    if (await this.#isThere(object, path, tools, signal)) {
      this.#tally.skipped();
      return;
    }
    const address = { bucket: this.#plan.from.bucket, key: object.key };
    const record = {
      type: 'dry-run',
      Command: 'get',
      Bucket: address.bucket,
      Key: address.key,
      Path: shown,
      Size: object.size,
    };
    const { reporter } = this.#context;
    await reporter.result(record, reporter.redactor.clean(`${formatObjectAddress(address)} -> ${shown}`));
  }
}

async function loadTools(client: SsecClient, progress: Progress | undefined): Promise<Tools> {
  const { getObject: get } = await import('../../get-object.ts');
  const { sameContent: same } = await import('../../same-content.ts');
  return { client, getObject: get, sameContent: same, progress: new BatchProgress(progress) };
}

/** undefined where there is no regular file. */
function fileSize(path: string): number | undefined {
  try {
    const status = lstatSync(path, { throwIfNoEntry: false });
    return status?.isFile() === true ? status.size : undefined;
  } catch {
    return undefined;
  }
}
