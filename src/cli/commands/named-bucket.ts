import { SsecError } from '../../errors.ts';
import type { Settings } from '../../settings/settings.ts';
import { bucketOf } from '../session.ts';

/** The bucket that a subcommand of `bucket` works on: its argument, else as everywhere. */
export function namedBucket(settings: Settings, name: string | undefined): string {
  const argument = name?.replace(/^s3:\/\/([^/]*)\/?$/, '$1');
  if (
    argument !== undefined &&
    settings.bucket?.origin.layer === 'flag' &&
    settings.bucket.value !== argument
  ) {
    throw new SsecError('USAGE', `-b names another bucket than "${argument}"; give one.`);
  }
  return bucketOf(settings, argument);
}
