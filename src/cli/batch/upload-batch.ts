import { join } from 'node:path';
import { setImmediate as pause } from 'node:timers/promises';
import { realpathSync, statSync } from 'node:fs';
import type { SsecClient } from '../../client.ts';
import { SsecError } from '../../errors.ts';
import { formatObjectAddress } from '../../object-address.ts';
import type { putObject } from '../../put-object.ts';
import type { sameContent } from '../../same-content.ts';
import { unreadable } from '../../transfer/file-source.ts';
import { SMALL_FILE_BYTES, openFile } from '../../transfer/small-file.ts';
import type { Source } from '../../transfer/source.ts';
import type { Progress } from '../output/reporter.ts';
import type { NamedKey } from '../ring.ts';
import type { CommandContext } from '../session.ts';
import { type UploadOptions, putRecord, tellWeakProof, uploadFields, uploadJournal } from '../upload.ts';
import { contentTypes } from '../upload-source.ts';
import { BATCH_WIDTH, type BatchOptions } from './batch-options.ts';
import { BatchProgress } from './batch-progress.ts';
import { type BatchItem, itemFailure } from './item-failure.ts';
import { matchListed } from './match-listed.ts';
import { MemoryBudget } from './memory-budget.ts';
import type { ObjectPrefix } from './object-prefix.ts';
import type { PathFilter } from './path-filter.ts';
import { concernsAll, runBatch } from './run-batch.ts';
import { BatchTally } from './batch-tally.ts';
import { type WalkEntry, walkFolder } from './walk-folder.ts';

export interface UploadPlan {
  /** Real path of the folder. */
  readonly root: string;
  /** As the user wrote it. */
  readonly shown: string;
  readonly target: ObjectPrefix;
  readonly key: NamedKey;
  readonly filter: PathFilter;
  readonly options: UploadOptions & BatchOptions;
  /** Files that are left out: those that hold the key. */
  readonly untouched: ReadonlySet<string>;
}

interface Found {
  readonly entry: WalkEntry;
  /** Bytes of the object of that name, where it was looked for and is there. */
  readonly existingSize: number | undefined;
}

/** What is loaded once, and not for each file. */
interface Tools {
  readonly client: SsecClient;
  readonly putObject: typeof putObject;
  readonly sameContent: typeof sameContent;
  readonly typeOf: (name: string) => string | undefined;
  readonly progress: BatchProgress;
}

/** All files of a folder on their way up. */
export class UploadBatch {
  readonly #context: CommandContext;
  readonly #plan: UploadPlan;
  readonly #tally: BatchTally;
  readonly #memory = new MemoryBudget();

  constructor(context: CommandContext, plan: UploadPlan) {
    this.#context = context;
    this.#plan = plan;
    this.#tally = new BatchTally(context.reporter, plan.options);
  }

  /** @param client undefined where nothing is asked nor sent */
  async run(client: SsecClient | undefined): Promise<void> {
    const { io, reporter } = this.#context;
    const { options, shown } = this.#plan;
    const isDry = options.dryRun === true;
    const shownProgress = isDry ? undefined : await reporter.progress(shown, undefined, io.signal);
    const tools = client === undefined ? undefined : await loadTools(client, shownProgress);
    if (tools !== undefined && shownProgress?.isShown === true)
      // what is wrong with a file the batch itself says
      this.#count(tools.progress).catch(() => undefined);
    try {
      await runBatch({
        items: (signal) => this.#find(tools, signal),
        onBegin: ({ entry }) => {
          if (entry.kind === 'skipped') return;
          tools?.progress.seen();
          this.#tally.seen();
        },
        run: (found, signal) => this.#one(found, tools, signal),
        onFailure: (error, { entry }) => {
          this.#tally.failed(itemFailure(error, this.#item(entry.path)));
          tools?.progress.ended();
        },
        describe: (error, { entry }) => itemFailure(error, this.#item(entry.path)),
        width: isDry ? 1 : BATCH_WIDTH,
        failFast: options.failFast === true,
        signal: io.signal,
      });
      shownProgress?.stop(this.#tally.hasFailed ? 'failed' : 'done');
    } finally {
      shownProgress?.stop();
    }
    this.#tally.end(`There is no file to put in "${shown}".`);
  }

  #item(path: string): BatchItem {
    const shown = this.#shown(path);
    return { label: shown, path: shown, bucket: this.#plan.target.bucket, key: this.#key(path) };
  }

  #shown(path: string): string {
    return join(this.#plan.shown, path);
  }

  #key(path: string): string {
    return this.#plan.target.prefix + path;
  }

  #walk(): Generator<WalkEntry> {
    const { root, shown, filter } = this.#plan;
    return walkFolder(root, shown, filter);
  }

  #find(tools: Tools | undefined, signal: AbortSignal): Iterable<Found> | AsyncIterable<Found> {
    if (tools === undefined || this.#plan.options.skipExisting !== true) return withoutListing(this.#walk());
    return this.#withListing(tools.client, signal);
  }

  async *#withListing(client: SsecClient, signal: AbortSignal): AsyncGenerator<Found> {
    const { listObjects } = await import('../../list-objects.ts');
    const listed = listObjects({ client, ...this.#plan.target, signal });
    const keyOf = (entry: WalkEntry): string | undefined =>
      entry.kind === 'file' ? this.#key(entry.path) : undefined;
    for await (const { entry, listed: object } of matchListed(this.#walk(), listed, keyOf))
      yield { entry, existingSize: object?.size };
  }

  async #one({ entry, existingSize }: Found, tools: Tools | undefined, signal: AbortSignal): Promise<void> {
    const { reporter } = this.#context;
    if (entry.kind === 'skipped') {
      reporter.warning(`${this.#shown(entry.path)}: skipped, because ${entry.why}`);
      return;
    }
    if (entry.kind === 'failure') throw entry.error;
    const path = join(this.#plan.root, entry.path);
    if (this.#plan.untouched.has(entry.isLink ? realPath(path, this.#shown(entry.path)) : path)) {
      reporter.warning(`${this.#shown(entry.path)}: skipped, because it holds your settings or your key`);
      tools?.progress.ended();
      return;
    }
    const source = await openFile(path, this.#shown(entry.path));
    try {
      if (await this.#isThere(entry.path, source, existingSize, tools, signal)) {
        this.#tally.skipped();
        tools?.progress.ended(source.size);
      } else if (tools === undefined || this.#plan.options.dryRun === true) {
        await this.#tell(entry.path, source.size);
      } else {
        await this.#put(entry.path, source, tools, signal);
      }
    } finally {
      await source.close();
    }
  }

  /** Whether S3 has these very bytes under this key already. A look that fails is no reason not to send. */
  async #isThere(
    path: string,
    source: Source,
    existingSize: number | undefined,
    tools: Tools | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (tools === undefined || existingSize !== source.size) return false;
    const { target, key } = this.#plan;
    const { customerKey } = key;
    const object = { client: tools.client, bucket: target.bucket, key: this.#key(path), customerKey };
    try {
      const same = await tools.sameContent({ ...object, source, signal });
      if (same === 'unknown') this.#tally.cannotCompare();
      return same === true;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SsecError && concernsAll(error)) throw error;
      return false;
    }
  }

  async #put(path: string, source: Source, tools: Tools, signal: AbortSignal): Promise<void> {
    const { reporter } = this.#context;
    const { target, key, options } = this.#plan;
    const address = { bucket: target.bucket, key: this.#key(path) };
    const contentType = options.contentType ?? tools.typeOf(path);
    const isSmall = source.size <= SMALL_FILE_BYTES;
    const journal = isSmall
      ? undefined
      : uploadJournal(this.#context, tools.client, address, join(this.#plan.root, path));
    const release = await this.#memory.acquire(source.size, signal);
    try {
      const result = await tools.putObject({
        client: tools.client,
        ...address,
        customerKey: key.customerKey,
        source,
        ...uploadFields(options),
        ...(isSmall ? {} : tools.progress.item()),
        onNotice: (message) => reporter.notice(`${source.name}: ${message}`),
        signal,
        ...(journal === undefined ? {} : { journal }),
        ...(contentType === undefined ? {} : { contentType }),
      });
      tools.progress.ended(isSmall ? source.size : 0);
      tellWeakProof(result, reporter);
      await reporter.result(
        () => putRecord(result, key, reporter.redactor),
        reporter.redactor.clean(formatObjectAddress(address)),
      );
    } finally {
      release?.();
    }
  }

  async #tell(path: string, size: number): Promise<void> {
    const address = { bucket: this.#plan.target.bucket, key: this.#key(path) };
    const record = {
      type: 'dry-run',
      Command: 'put',
      Bucket: address.bucket,
      Key: address.key,
      Path: this.#shown(path),
      Size: size,
    };
    const { reporter } = this.#context;
    const line = `${this.#shown(path)} -> ${formatObjectAddress(address)}`;
    await reporter.result(record, reporter.redactor.clean(line));
  }

  /** What there is in all, for whoever looks: a second walk beside the first, a little at a time. */
  async #count(progress: BatchProgress): Promise<void> {
    let files = 0;
    let bytes = 0;
    for (const entry of this.#walk()) {
      if (entry.kind === 'skipped') continue;
      files += 1;
      bytes += entry.kind === 'file' ? sizeOf(join(this.#plan.root, entry.path)) : 0;
      if (files % 64 === 0) await pause();
      if (this.#context.io.signal.aborted) return;
    }
    progress.total(files, bytes);
  }
}

async function loadTools(client: SsecClient, progress: Progress | undefined): Promise<Tools> {
  const { putObject: put } = await import('../../put-object.ts');
  const { sameContent: same } = await import('../../same-content.ts');
  const typeOf = await contentTypes();
  return { client, putObject: put, sameContent: same, typeOf, progress: new BatchProgress(progress) };
}

function* withoutListing(entries: Iterable<WalkEntry>): Generator<Found> {
  for (const entry of entries) yield { entry, existingSize: undefined };
}

function realPath(path: string, name: string): string {
  try {
    return realpathSync.native(path);
  } catch (error) {
    throw unreadable(name, error);
  }
}

/** 0 where that cannot be told: whoever opens the file says why. */
function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
