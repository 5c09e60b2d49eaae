import { setMaxListeners } from 'node:events';
import { SsecError } from '../../errors.ts';
import { type ObjectAddress, formatObjectAddress } from '../../object-address.ts';
import { requireVersioning } from '../../rekey/rekey-versions.ts';
import { BATCH_WIDTH } from '../batch/batch-options.ts';
import { BatchProgress } from '../batch/batch-progress.ts';
import { type BatchItem, itemFailure, someObjectsFailed } from '../batch/item-failure.ts';
import { readManifest } from '../batch/manifest.ts';
import { type ObjectPrefix, parsePrefix } from '../batch/object-prefix.ts';
import { createPathFilter } from '../batch/path-filter.ts';
import { runBatch } from '../batch/run-batch.ts';
import { selectedObjects } from '../batch/selected-objects.ts';
import { type CommandContext, loadSettings, withClient } from '../session.ts';
import type { SsecClient } from '../../client.ts';
import type { Settings } from '../../settings/settings.ts';
import { RekeyKeys } from './rekey-keys.ts';
import { type RekeyOptions, REKEY_MANY, refuseOfOtherPlace } from './rekey-options.ts';
import { type ObjectToRekey, RekeyRun } from './rekey-run.ts';
import { RekeyTally } from './rekey-tally.ts';
import { histories } from './histories.ts';
import { tellBefore, tellOldVersions } from './rekey-notes.ts';

/** What of a bucket is to be rekeyed. */
export interface RekeySelection {
  /** How to call it. */
  readonly label: string;
  /** Under which it lies; undefined for a manifest. */
  readonly from: ObjectPrefix | undefined;
  /** False where they are copied elsewhere. */
  readonly isInPlace: boolean;
  /** Which of the keys under `from` are meant. */
  readonly takes: (key: string) => boolean;
  readonly objects: (client: SsecClient, signal: AbortSignal) => AsyncGenerator<ObjectToRekey, void, void>;
}

/** `ssec rekey -r` and `--manifest`. */
export async function rekeyMany(
  context: CommandContext,
  word: string | undefined,
  dest: string | undefined,
  options: RekeyOptions,
): Promise<void> {
  refuseOfOne(word, dest, options);
  refuseOfOtherPlace(dest, options);
  const settings = await loadSettings(context, { usesKey: true });
  const selection = await select(context, settings, word, dest, options);
  const keys = await RekeyKeys.load(context, settings, options);
  await withClient(context, settings, async (client, connection) => {
    if (options.plan === true) {
      const { tellPlan } = await import('./rekey-plan.ts');
      await tellPlan(context, client, connection, selection, keys, options);
      return;
    }
    const run = await RekeyRun.begin(context, client, keys, settings, options);
    try {
      await rekeyAll(context, client, run, selection, options);
    } finally {
      run.end();
    }
  });
}

function refuseOfOne(word: string | undefined, dest: string | undefined, options: RekeyOptions): void {
  if (options.versionId !== undefined)
    throw new SsecError('USAGE', '--version-id is for one object, and these are many.', {
      hints: [REKEY_MANY],
    });
  if (options.manifest !== undefined && options.recursive === true)
    throw new SsecError('USAGE', '-r takes a prefix, and --manifest a list; give one.');
  if (options.manifest !== undefined && word !== undefined)
    throw new SsecError('USAGE', 'A manifest names the objects, and so does ADDRESS; give one.');
  if (options.manifest !== undefined && (options.include ?? options.exclude) !== undefined)
    throw new SsecError(
      'USAGE',
      '--include and --exclude choose under a prefix, and a manifest has chosen.',
      {
        hints: ['leave out of the manifest what is not to be rekeyed'],
      },
    );
  if (options.shard !== undefined && options.manifest === undefined)
    throw new SsecError('USAGE', '--shard shares out the records of a --manifest.', {
      hints: ['a listing cannot be shared out: every worker would have to list all of it'],
    });
  if (options.allVersions === true && (options.recursive !== true || dest === undefined))
    throw new SsecError('USAGE', '--all-versions copies a prefix to another one: it goes with -r and DEST.', {
      hints: [
        'S3 replaces no version: in place, the copy of an old one would become the current object',
        'ssec rekey -r PREFIX DEST --to NAME --all-versions',
      ],
    });
  if (options.allVersions === true && options.from !== undefined)
    throw new SsecError(
      'USAGE',
      '--all-versions copies every version, whatever it is under; leave --from away.',
    );
  if (options.recursive === true && word === undefined)
    throw new SsecError('USAGE', 'No prefix was named.', {
      hints: [REKEY_MANY, 'or the whole bucket: ssec rekey -r s3://BUCKET/ --to NAME'],
    });
}

async function select(
  { io }: CommandContext,
  settings: Settings,
  word: string | undefined,
  dest: string | undefined,
  options: RekeyOptions,
): Promise<RekeySelection> {
  const { manifest: files, shard } = options;
  if (files !== undefined) {
    if (dest !== undefined) throw new SsecError('USAGE', 'With --manifest objects are rekeyed in place.');
    return {
      label: files.join(', '),
      from: undefined,
      takes: () => true,
      isInPlace: true,
      objects: (_client, signal) =>
        readManifest({ files, io, bucket: settings.bucket?.value, shard, signal }),
    };
  }
  const from = parsePrefix(word ?? '', settings);
  const to = dest === undefined ? undefined : parsePrefix(dest, settings);
  if (to !== undefined && to.bucket === from.bucket && overlap(to.prefix, from.prefix))
    throw new SsecError(
      'USAGE',
      'One of the two prefixes lies in the other; the copies would be copied again.',
      {
        hints: ['leave DEST away to rekey in place'],
      },
    );
  const filter = createPathFilter(options);
  const label = formatObjectAddress({ bucket: from.bucket, key: from.prefix });
  if (options.allVersions === true && to !== undefined) {
    return {
      label,
      from: undefined,
      takes: () => true,
      isInPlace: false,
      objects: async function* (client, signal) {
        await requireVersioning(client, to.bucket, signal);
        for await (const versions of histories(client, from, signal)) {
          const [{ key } = { key: '' }] = versions;
          const object = { bucket: from.bucket, key };
          if (filter.takes(key.slice(from.prefix.length)))
            yield { ...object, target: underOther(object, from, to), versions };
        }
      },
    };
  }
  return {
    label,
    from,
    isInPlace: to === undefined,
    takes: (key) => filter.takes(key.slice(from.prefix.length)),
    objects: async function* (client, signal) {
      for await (const object of selectedObjects(client, from, filter, signal))
        yield to === undefined ? object : { ...object, target: underOther(object, from, to) };
    },
  };
}

function overlap(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}

function underOther({ key }: ObjectAddress, from: ObjectPrefix, to: ObjectPrefix): ObjectAddress {
  return { bucket: to.bucket, key: to.prefix + key.slice(from.prefix.length) };
}

async function rekeyAll(
  context: CommandContext,
  client: SsecClient,
  run: RekeyRun,
  selection: RekeySelection,
  options: RekeyOptions,
): Promise<void> {
  const { io, reporter } = context;
  const isDry = options.dryRun === true;
  tellBefore(reporter, run.keys, selection.label, options);
  const shown = isDry ? undefined : await reporter.progress(selection.label, undefined, io.signal);
  const progress = new BatchProgress(shown);
  const tally = new RekeyTally(options.allVersions === true ? 'versions' : 'objects');
  // every request under way listens
  setMaxListeners(0, io.signal);
  try {
    await runBatch<ObjectToRekey>({
      items: (signal) => selection.objects(client, signal),
      onBegin: ({ versions }) => {
        tally.seen += versions?.filter((version) => !version.isDeleteMarker).length ?? 1;
        progress.seen();
      },
      // what is under way when another fails is brought to its end, so that it is told
      run: async (object) => {
        const { onProgress, onRetry } = progress.item();
        for await (const result of run.of(object, false, { onProgress, onRetry }, io.signal)) {
          tally.add(result);
          if (result.copiedBy !== 'client') onProgress(result.size ?? 0);
          await run.tell(result, object.number);
        }
        progress.ended();
      },
      onFailure: (error, object) => {
        tally.failed += 1;
        reporter.error(itemFailure(error, itemOf(object)));
        progress.ended();
      },
      describe: (error, object) => itemFailure(error, itemOf(object)),
      width: Math.max(BATCH_WIDTH, Math.ceil(client.slots.capacity * 1.5)),
      failFast: options.failFast === true,
      toGoOn: ['run the same command again: what is done is found and not done again'],
      signal: io.signal,
    });
    shown?.stop(tally.failed > 0 ? 'failed' : 'done');
  } finally {
    shown?.stop();
    if (tally.seen > 0)
      for (const sentence of tally.sentences(run.keys.toLabel, isDry)) reporter.notice(sentence);
  }
  // a share may be empty, and a list that names nothing is one that was not made
  if (tally.seen === 0 && options.manifest !== undefined && options.shard === undefined)
    throw new SsecError('OBJECT_NOT_FOUND', `${selection.label} names no object.`, {
      hints: ['did what makes the list fail?'],
    });
  if (tally.seen === 0) reporter.notice(`No object of ${selection.label} is one to rekey.`);
  if (!isDry) await tellOldVersions(context, client, selection, tally, options);
  if (tally.failed > 0) throw someObjectsFailed(tally.failed, tally.seen);
  if (options.deleteOldVersion === true && tally.oldVersions > 0)
    throw new SsecError('PARTIAL', `${tally.oldVersions} old versions are still there.`, {
      hints: ['run the same command again to delete them'],
    });
}

function itemOf({ bucket, key, number: record }: ObjectToRekey): BatchItem {
  // a manifest may name several buckets
  const label = record === undefined ? key : formatObjectAddress({ bucket, key });
  return { label, path: undefined, bucket, key, record };
}
