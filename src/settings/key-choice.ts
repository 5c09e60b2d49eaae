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

/** Which customer key the settings name, not yet read. */
export type KeyChoice =
  | {
      readonly kind: 'base64';
      readonly text: string;
      readonly md5: Setting | undefined;
      readonly origin: Origin;
    }
  | { readonly kind: 'file' | 'command' | 'name'; readonly value: string; readonly origin: Origin }
  /** Named, as nothing: no key and no ring. */
  | { readonly kind: 'none'; readonly origin: Origin }
  /** Nobody named one. */
  | { readonly kind: 'ring' };

/** Where the key comes from, for people. */
export function describeKeyChoice(choice: KeyChoice): string {
  return choice.kind === 'ring' ? 'the key ring' : describeOrigin(choice.origin);
}

const SOURCES = ['keyFile', 'keyCommand', 'keyName', 'keyBase64'] as const;
type KeySource = (typeof SOURCES)[number];

/**
 * The first layer that names a key wins whole: the digest is compared only where it stands in the same layer.
 *
 * @throws SsecError SETTING_INVALID where one layer names two
 */
export function resolveKeyChoice(layers: SettingLayers): KeyChoice {
  const readers: readonly ((name: SettingName) => Setting | undefined)[] = [
    (name) => flagSetting(name, layers),
    (name) => environmentSetting(name, layers),
    (name) => envFileSetting(name, layers),
  ];
  for (const read of readers) {
    const named = SOURCES.flatMap((source) => {
      const setting = read(source);
      return setting === undefined ? [] : [{ source, setting }];
    });
    const filled = named.filter(({ setting }) => setting.value !== '');
    const [first, second] = filled;
    if (first !== undefined && second !== undefined) {
      throw new SsecError(
        'SETTING_INVALID',
        `${first.setting.origin.name} and ${second.setting.origin.name} both name a customer key; give one.`,
      );
    }
    if (first !== undefined) return choice(first.source, first.setting, read('keyMd5'));
    if (named[0] !== undefined) return { kind: 'none', origin: named[0].setting.origin };
  }
  return { kind: 'ring' };
}

function choice(source: KeySource, setting: Setting, md5: Setting | undefined): KeyChoice {
  const { value, origin } = setting;
  switch (source) {
    case 'keyBase64':
      return { kind: 'base64', text: value, md5: md5?.value === '' ? undefined : md5, origin };
    case 'keyFile':
      return { kind: 'file', value, origin };
    case 'keyCommand':
      return { kind: 'command', value, origin };
    case 'keyName':
      return { kind: 'name', value, origin };
  }
}
