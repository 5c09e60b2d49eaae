import { SsecError } from '../../errors.ts';

/** One of the many things that a command works on. */
export interface BatchItem {
  /** How the user calls it. */
  readonly label: string;
  /** Local path, as it is shown; undefined where the item can have none. */
  readonly path: string | undefined;
  /** Where its object is, or would be. */
  readonly bucket: string;
  /** Object key; undefined where the item can have none. */
  readonly key: string | undefined;
}

/** A failure that says whose it is. */
export function itemFailure(error: SsecError, { label, path, bucket, key }: BatchItem): SsecError {
  return new SsecError(error.code, error.message, {
    hints: error.hints,
    cause: error.cause,
    context: { ...error.context, item: label, itemBucket: bucket, itemPath: path, itemKey: key },
  });
}

/** What a batch ends with where not all went well. */
export function someFailed(failed: number, total: number, skipExisting: boolean): SsecError {
  const again = 'run the same command again';
  return new SsecError('PARTIAL', `${failed} of ${total} files failed.`, {
    hints: [
      skipExisting
        ? `${again}: what is there is skipped`
        : `${again} with --skip-existing: what is there is skipped`,
    ],
  });
}

/** The same of objects that stay where they are: what to do about each it said itself. */
export function someObjectsFailed(failed: number, total: number): SsecError {
  return new SsecError('PARTIAL', `${failed} of ${total} objects failed.`);
}
