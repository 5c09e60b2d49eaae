import { SsecError } from '../../errors.ts';
import { formatObjectAddress } from '../../object-address.ts';
import { shellWord } from '../../shell-word.ts';
import { BATCH_WIDTH } from '../batch/batch-options.ts';
import { BatchProgress } from '../batch/batch-progress.ts';
import { type BatchItem, itemFailure, someObjectsFailed } from '../batch/item-failure.ts';
import { MemoryBudget } from '../batch/memory-budget.ts';
import { type ObjectPrefix, parsePrefix } from '../batch/object-prefix.ts';
import { createPathFilter } from '../batch/path-filter.ts';
import { runBatch } from '../batch/run-batch.ts';
import { type SelectedObject, selectedObjects } from '../batch/selected-objects.ts';
import { OpeningKeys } from '../ring.ts';
import { type CommandContext, bucketOf, loadSettings, withClient } from '../session.ts';
import { VERIFY_MANY, Verification, type VerifyOptions } from './verify.ts';

/** `ssec verify -r`: every object under a prefix. */
export async function verifyPrefix(
  context: CommandContext,
  word: string | undefined,
  file: string | undefined,
  options: VerifyOptions,
): Promise<void> {
  refuseOfOne(file, options);
  const settings = await loadSettings(context, { usesKey: true });
  if (word === undefined) {
    const all = `or the whole bucket: ssec verify -r ${shellWord(`s3://${bucketOf(settings)}/`)}`;
    throw new SsecError('USAGE', 'No prefix was named.', { hints: [VERIFY_MANY, all] });
  }
  const from = parsePrefix(word, settings);
  const keys = await OpeningKeys.load(context, settings);
  await withClient(context, settings, async (client) => {
    const verification = new Verification(context, client, keys, settings, options);
    const filter = createPathFilter(options);
    await verifyAll(context, from, options, verification, (signal) =>
      selectedObjects(client, from, filter, signal),
    );
  });
}

function refuseOfOne(file: string | undefined, { versionId }: VerifyOptions): void {
  const given = file === undefined ? (versionId === undefined ? undefined : '--version-id') : 'FILE';
  if (given === undefined) return;
  throw new SsecError('USAGE', `${given} is for one object, and -r for many.`, { hints: [VERIFY_MANY] });
}

async function verifyAll(
  { io, reporter }: CommandContext,
  from: ObjectPrefix,
  options: VerifyOptions,
  verification: Verification,
  objects: (signal: AbortSignal) => AsyncGenerator<SelectedObject, void, void>,
): Promise<void> {
  const address = formatObjectAddress({ bucket: from.bucket, key: from.prefix });
  const shown = await reporter.progress(address, undefined, io.signal);
  const progress = new BatchProgress(shown);
  const memory = new MemoryBudget();
  let seen = 0;
  let failed = 0;
  try {
    failed = await runBatch({
      items: objects,
      onBegin: () => {
        seen += 1;
        progress.seen();
      },
      run: async (object, signal) => {
        const { onProgress, onRetry } = progress.item();
        let release: (() => void) | undefined;
        const onRead = async ({ size }: { readonly size: number }): Promise<void> => {
          release ??= await memory.acquire(size, signal);
        };
        try {
          const verdict = await verification.of(object, signal, { onRead, onProgress, onRetry });
          progress.ended();
          await verification.tell(verdict);
        } finally {
          release?.();
        }
      },
      onFailure: (error, object) => {
        reporter.error(itemFailure(error, itemOf(object)));
        progress.ended();
      },
      describe: (error, object) => itemFailure(error, itemOf(object)),
      width: BATCH_WIDTH,
      failFast: options.failFast === true,
      toGoOn: [],
      signal: io.signal,
    });
    shown.stop(failed > 0 ? 'failed' : 'done');
  } finally {
    shown.stop();
  }
  if (seen === 0) reporter.notice(`No object under ${address} is one to verify.`);
  if (failed > 0) throw someObjectsFailed(failed, seen);
}

function itemOf({ bucket, key }: SelectedObject): BatchItem {
  return { label: key, path: undefined, bucket, key };
}
