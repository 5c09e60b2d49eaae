import { SsecError } from '../../errors.ts';
import type { ObjectVersion } from '../../object-version.ts';
import { asSsecError } from '../report-error.ts';
import type { CommandContext } from '../session.ts';
import { someObjectsFailed } from './item-failure.ts';
import { concernsAll } from './run-batch.ts';

/** Requests under way at once. */
const WIDTH = 8;

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/**
 * Does one thing with each of the objects that were named, several at once, and tells of them in the order in which
 * they were named. A failure is one object's own, unless it concerns all: then no other is begun.
 *
 * @throws SsecError PARTIAL where some failed; of one object alone, its own failure
 */
export async function eachObject<T>(
  { io, reporter }: CommandContext,
  objects: readonly ObjectVersion[],
  run: (object: ObjectVersion) => Promise<T>,
  tell: (done: T) => Promise<void>,
): Promise<void> {
  const waiting = objects.values();
  const begun: { readonly object: ObjectVersion; readonly outcome: Promise<Outcome<T>> }[] = [];
  let failed = 0;
  let ending: SsecError | undefined;
  const beginNext = (): void => {
    if (ending !== undefined || io.signal.aborted) return;
    const next = waiting.next();
    if (next.done !== true) begun.push({ object: next.value, outcome: settled(run(next.value)) });
  };
  const fail = (thrown: unknown, object: ObjectVersion): void => {
    const error = asSsecError(thrown, io.signal);
    if (objects.length === 1 || endsAll(error)) {
      ending ??= error;
      return;
    }
    failed += 1;
    const context = { ...error.context, itemBucket: object.bucket, itemKey: object.key };
    reporter.error(
      new SsecError(error.code, error.message, { hints: error.hints, cause: error.cause, context }),
    );
  };
  for (let i = 0; i < WIDTH; i++) beginNext();
  for (let first = begun.shift(); first !== undefined; first = begun.shift()) {
    const outcome = await first.outcome;
    if ('error' in outcome) fail(outcome.error, first.object);
    else {
      // what is done is told, whatever became of the others
      await tell(outcome.value).catch((error: unknown) => {
        ending ??= asSsecError(error, io.signal);
      });
    }
    beginNext();
  }
  if (ending !== undefined) throw ending;
  if (io.signal.aborted) throw asSsecError(io.signal.reason, io.signal);
  if (failed > 0) throw someObjectsFailed(failed, objects.length);
}

/** Each may be in a bucket of its own. */
function endsAll(error: SsecError): boolean {
  return concernsAll(error) && error.code !== 'BUCKET_NOT_FOUND';
}

function settled<T>(promise: Promise<T>): Promise<Outcome<T>> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}
