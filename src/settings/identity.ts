import { SsecError } from '../errors.ts';
import {
  type Origin,
  type Setting,
  type SettingLayers,
  describeOrigin,
  envFileSetting,
  flagSetting,
  environmentSetting,
} from './setting-layers.ts';
import type { SettingName } from './setting-table.ts';

/** Who signs: chosen here, so that the SDK is handed one provider and looks nowhere else. */
export type Identity =
  | { readonly kind: 'profile'; readonly name: string; readonly origin: Origin }
  | {
      readonly kind: 'static';
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken: string | undefined;
      readonly origin: Origin;
    }
  /** Nobody is named: the SDK's chain (default profile, container, instance). */
  | { readonly kind: 'chain' };

/**
 * `-p` > `PROFILE` > `AWS_ACCESS_KEY_ID` of the environment > `AWS_PROFILE` > keys in the env file > the SDK's
 * chain. An empty value goes on to the next step.
 *
 * @throws SsecError CREDENTIALS_MISSING for half a pair of keys, CREDENTIALS_INVALID for what no header can hold
 */
export function resolveIdentity(layers: SettingLayers): Identity {
  const profile =
    flagSetting('profile', layers) ??
    environmentSetting('profile', layers) ??
    envFileSetting('profile', layers);
  if (profile !== undefined && profile.value !== '') return named(profile);
  const accessKeyId = environmentSetting('accessKeyId', layers);
  if (accessKeyId !== undefined && accessKeyId.value !== '') {
    return staticKeys(accessKeyId, (name) => environmentSetting(name, layers));
  }
  const awsProfile = environmentSetting('awsProfile', layers) ?? envFileSetting('awsProfile', layers);
  if (awsProfile !== undefined && awsProfile.value !== '') return named(awsProfile);
  const inFile = accessKeyId === undefined ? envFileSetting('accessKeyId', layers) : undefined;
  if (inFile !== undefined && inFile.value !== '')
    return staticKeys(inFile, (name) => envFileSetting(name, layers));
  return { kind: 'chain' };
}

function named(setting: Setting): Identity {
  return { kind: 'profile', name: setting.value, origin: setting.origin };
}

function staticKeys(accessKeyId: Setting, read: (name: SettingName) => Setting | undefined): Identity {
  const secret = read('secretAccessKey')?.value ?? '';
  if (secret === '') {
    throw new SsecError(
      'CREDENTIALS_MISSING',
      `${describeOrigin(accessKeyId.origin)} is set, and AWS_SECRET_ACCESS_KEY is not set beside it.`,
      { hints: ['set both in the same place, or name a profile: -p NAME'] },
    );
  }
  const token = read('sessionToken')?.value ?? '';
  for (const setting of [accessKeyId, read('secretAccessKey'), read('sessionToken')]) checkText(setting);
  return {
    kind: 'static',
    accessKeyId: accessKeyId.value,
    secretAccessKey: secret,
    sessionToken: token === '' ? undefined : token,
    origin: accessKeyId.origin,
  };
}

/** Credentials are printable ASCII; what is not would end deep inside of HTTP, or as a wrong signature. */
function checkText(setting: Setting | undefined): void {
  if (setting === undefined) return;
  if (/^(["']).*\1$/.test(setting.value)) {
    throw new SsecError('CREDENTIALS_INVALID', `${describeOrigin(setting.origin)} has quotes around it.`, {
      hints: ['take them off: docker and others hand them on as they are'],
    });
  }
  if (/^[\x21-\x7e]*$/.test(setting.value)) return;
  const isLineEnd = /^[\x21-\x7e]*[\r\n]+$/.test(setting.value);
  const what = isLineEnd ? 'ends with a line end' : 'holds a blank, or a character that is not ASCII';
  throw new SsecError('CREDENTIALS_INVALID', `${describeOrigin(setting.origin)} ${what}.`, {
    hints: [
      isLineEnd
        ? 'it may come from a file with Windows line ends: tr -d "\\r"'
        : 'copy it again, without anything around it',
    ],
  });
}
