import { setMaxListeners } from 'node:events';
import { type ErrorCode, SsecError, systemErrorCode, withHints } from '../../errors.ts';
import { asSsecError } from '../report-error.ts';
import { isTooManyFiles } from '../too-many-files.ts';
import { Crowd } from './crowd.ts';

/** What a batch does with each of its items. */
export interface Batch<Item> {
  /** Looked at as the batch goes on, never all at once. */
  readonly items: (signal: AbortSignal) => Iterable<Item> | AsyncIterable<Item>;
  /** Told of each item once, before it is run. */
  readonly onBegin: (item: Item) => void;
  /** May be called again for an item for which too few files could be opened. */
  readonly run: (item: Item, signal: AbortSignal) => Promise<void>;
  /** Told of a failure that does not end the batch. */
  readonly onFailure: (error: SsecError, item: Item) => void;
  /** What to call a failure that ends the batch because the user wants it so. */
  readonly describe: (error: SsecError, item: Item) => SsecError;
  /** Items under way at once. */
  readonly width: number;
  readonly failFast: boolean;
  /** Hints after an interruption; default: those of a transfer. */
  readonly toGoOn?: readonly string[];
  readonly signal: AbortSignal;
}

const GO_ON_WITH_TRANSFER = ['run it again with --skip-existing to go on'];

/** Failures that every other item would meet as well. */
const OF_ALL: ReadonlySet<ErrorCode> = new Set([
  'SETTING_INVALID',
  'INSECURE_ENDPOINT',
  'ENDPOINT_UNTRUSTED',
  'TLS_UNTRUSTED',
  'WRONG_REGION',
  'NOT_SUPPORTED',
  'CREDENTIALS_MISSING',
  'CREDENTIALS_INVALID',
  'CREDENTIALS_EXPIRED',
  'SSEC_BLOCKED',
  'CLOCK_SKEW',
  'BUCKET_NOT_FOUND',
  'KEY_MALFORMED',
  'KEY_IGNORED',
  'DISK_FULL',
  'CANCELLED',
]);

/** No server there: what stands in the way is the same for all. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

export function concernsAll(error: SsecError): boolean {
  if (error.context['ofOne'] === true) return false;
  if (OF_ALL.has(error.code) || isTooManyFiles(error)) return true;
  // a storage class, metadata: of the command, and refused by the server
  if (error.code === 'USAGE') return error.context['status'] !== undefined;
  return error.code === 'NETWORK' && UNREACHABLE.has(systemErrorCode(error.cause) ?? '');
}

/**
 * Works on many items, several at once; fewer where too many files would be open. A failure is one item's own, unless it concerns all or the user wants to
 * stop at the first: then what is under way is aborted, and the failure thrown once all has settled.
 *
 * @returns how many failed
 */
export async function runBatch<Item>(batch: Batch<Item>): Promise<number> {
  const { run, signal } = batch;
  const stop = new AbortController();
  // every request under way listens
  setMaxListeners(0, stop.signal);
  const forward = (): void => stop.abort(signal.reason);
  if (signal.aborted) forward();
  signal.addEventListener('abort', forward, { once: true });
  let failed = 0;
  let ending: SsecError | undefined;
  let cutOff: SsecError | undefined;
  const end = (error: SsecError): void => {
    ending ??= error;
    stop.abort(error);
  };
  const items = iteratorOf(batch.items(stop.signal));
  const crowd = new Crowd(batch.width, stop.signal);
  const work = async (): Promise<void> => {
    while (!stop.signal.aborted && crowd.mayGoOn()) {
      const next = await items.next();
      if (next.done === true) return;
      batch.onBegin(next.value);
      try {
        await crowd.run(() => run(next.value, stop.signal));
      } catch (thrown) {
        const error = asSsecError(thrown, signal);
        // of those that were cut off, one that says how to go on
        if (stop.signal.aborted) cutOff = (cutOff?.hints.length ?? 0) > 0 ? cutOff : error;
        else if (concernsAll(error)) end(error);
        else if (batch.failFast) end(batch.describe(error, next.value));
        else {
          failed += 1;
          batch.onFailure(error, next.value);
        }
      }
    }
  };
  try {
    await Promise.all(
      Array.from({ length: batch.width }, () =>
        // where the items themselves cannot be had
        work().catch((error: unknown) => end(asSsecError(error, signal))),
      ),
    );
  } finally {
    signal.removeEventListener('abort', forward);
    await items.return?.();
  }
  if (signal.aborted) throw withHints(interruptionOf(signal, cutOff), batch.toGoOn ?? GO_ON_WITH_TRANSFER);
  if (ending !== undefined) throw ending;
  return failed;
}

function interruptionOf(signal: AbortSignal, cutOff: SsecError | undefined): SsecError {
  return cutOff?.code === 'CANCELLED' ? cutOff : asSsecError(signal.reason, signal);
}

function iteratorOf<Item>(items: Iterable<Item> | AsyncIterable<Item>): Iterator<Item> | AsyncIterator<Item> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
}
