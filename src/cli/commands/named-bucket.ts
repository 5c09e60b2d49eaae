import { SsecError } from '../../errors.ts';
import { parseObjectAddress } from '../../object-address.ts';
import type { Settings } from '../../settings/settings.ts';
import { shellWord } from '../../shell-word.ts';
import { bucketOf } from '../session.ts';

/**
 * The bucket that a subcommand of `bucket` works on: its argument, else as everywhere.
 *
 * @param command as the user types it: `bucket show`, `doctor`
 */
export function namedBucket(settings: Settings, name: string | undefined, command: string): string {
  const address = name === undefined ? undefined : parseObjectAddress(name);
  if (name !== undefined && address !== undefined && address.key !== '') {
    throw new SsecError('USAGE', `"${name}" is a place inside a bucket, and this works on a whole bucket.`, {
      hints: [`ssec ${command} ${shellWord(address.bucket)}`],
    });
  }
  const argument = address?.bucket ?? name;
  return bucketOf(settings, argument, `ssec ${command} BUCKET`);
}
