import { SsecError } from '../../errors.ts';
import { parseObjectAddress } from '../../object-address.ts';
import type { Settings } from '../../settings/settings.ts';
import type { LsOptions } from '../commands/ls.ts';
import { OpeningKeys } from '../ring.ts';
import { type CommandContext, bucketOf, loadSettings, withClient } from '../session.ts';
import { Listing } from './listing.ts';

/** @throws SsecError BUCKET_NOT_FOUND, ACCESS_DENIED, KEY_NOT_FOUND, ... */
export async function runListing(
  context: CommandContext,
  argument: string | undefined,
  options: LsOptions,
): Promise<void> {
  const { long, summary, unknown, keyName } = options;
  if (unknown === true && keyName !== undefined)
    throw new SsecError('USAGE', '--unknown and --key-name exclude each other; give one.');
  const asks = long === true || summary === true || unknown === true || keyName !== undefined;
  const settings = await loadSettings(context, { usesKey: asks });
  const given = argument === undefined ? undefined : parseObjectAddress(argument);
  const bucket = bucketOf(settings, given?.bucket, 's3://bucket/prefix');
  const prefix = given?.key ?? argument ?? '';
  const keys = asks ? await OpeningKeys.load(context, withWholeRing(settings)) : undefined;
  const only = unknown === true ? 'unknown' : keyName === undefined ? undefined : keys?.named(keyName);
  await withClient(context, settings, (client) =>
    new Listing(context, client, { options, bucket, prefix, keys, only }).run(),
  );
}

/** `--key-name` names the one key of other commands; here it says what to show, and all keys of the ring are tried. */
function withWholeRing(settings: Settings): Settings {
  const { key } = settings;
  const isFilter = key.kind === 'name' && key.origin.layer === 'flag';
  return isFilter ? { ...settings, key: { kind: 'ring' } } : settings;
}
