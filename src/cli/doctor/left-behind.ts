import { withoutSecrets } from '../../endpoint.ts';
import { formatObjectAddress } from '../../object-address.ts';
import type { LeftObject } from '../../object-removal.ts';
import type { Settings } from '../../settings/settings.ts';
import { shellWord } from '../../shell-word.ts';

/** What is left of an object of ours, why, and the command that takes it away: ssec itself removes nothing. */
export function leftBehind(left: LeftObject, settings: Settings): [message: string, ...hints: string[]] {
  const { bucket, key, versionId, reason } = left;
  const version = versionId === undefined ? '' : ` (version ${versionId})`;
  const { identity, endpoint, region, caBundle } = settings;
  const command = [
    `aws s3api delete-object --bucket ${shellWord(bucket)} --key ${shellWord(key)}`,
    ...(versionId === undefined ? [] : [`--version-id ${shellWord(versionId)}`]),
    `--region ${shellWord(region.value)}`,
    ...(identity.kind === 'profile' ? [`--profile ${shellWord(identity.name)}`] : []),
    ...(endpoint === undefined ? [] : [`--endpoint-url ${shellWord(withoutSecrets(endpoint.value))}`]),
    ...(caBundle === undefined ? [] : [`--ca-bundle ${shellWord(caBundle.value)}`]),
  ];
  const why = reason.code === 'ACCESS_DENIED' ? 'you may not delete it' : reason.message;
  return [
    `${formatObjectAddress(left)}${version} could not be deleted again: ${why}`,
    ...reason.hints,
    `delete it: ${command.join(' ')}`,
  ];
}
