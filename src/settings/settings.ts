import { withoutSecrets } from '../endpoint.ts';
import { SsecError } from '../errors.ts';
import { shellWord } from '../shell-word.ts';
import { type KeyChoice, resolveKeyChoice } from './key-choice.ts';
import { type Identity, resolveIdentity } from './identity.ts';
import {
  type ProfileLayer,
  type Setting,
  type SettingLayers,
  describeOrigin,
  findSetting,
} from './setting-layers.ts';
import { SETTINGS, type SettingDefinition } from './setting-table.ts';

export interface Settings {
  readonly bucket: Setting | undefined;
  readonly objectKey: Setting | undefined;
  readonly key: KeyChoice;
  /** Folder of the key ring, where one was named; empty = there is to be none. */
  readonly keyring: Setting | undefined;
  /** Whether the name of the ring's key goes along as a tag, and is looked for there. */
  readonly tagKey: boolean;
  readonly identity: Identity;
  readonly endpoint: Setting | undefined;
  readonly caBundle: Setting | undefined;
  readonly addressing: Setting<'path' | 'virtual'> | undefined;
  readonly region: Setting;
  /** The AWS profile that was read. */
  readonly profile: ProfileLayer | undefined;
  /** The env file that was read, as the user would write it. */
  readonly envFilePath: string | undefined;
  /** Nobody named it: it stood in the current folder. */
  readonly isEnvFileFound: boolean;
  /** Lines for stderr: what was set and is not used. */
  readonly notices: readonly string[];
}

/**
 * Flag > environment > env file > AWS profile > default, by group, each value with its origin.
 *
 * @param usesKey whether the command sends a customer key; an endpoint that was only found goes with nothing
 *   but the key (or, without one, the credentials) of the same file
 * @throws SsecError SETTING_INVALID, ENDPOINT_UNTRUSTED, CREDENTIALS_MISSING
 */
export function resolveSettings(layers: SettingLayers, options: { usesKey: boolean }): Settings {
  refuseFoundKeyChoices(layers);
  const key = resolveKeyChoice(layers);
  const identity = resolveIdentity(layers);
  const endpoint = nonEmpty(findSetting('endpoint', layers));
  if (endpoint !== undefined)
    checkFoundEndpoint(endpoint, layers, options.usesKey ? key : undefined, identity);
  const objectKey = nonEmpty(findSetting('objectKey', layers));
  refuseKeyMaterial(objectKey);
  return {
    bucket: nonEmpty(findSetting('bucket', layers)),
    objectKey,
    key,
    keyring: findSetting('keyring', layers),
    tagKey: parseSwitch(nonEmpty(findSetting('tagKey', layers))),
    identity,
    endpoint,
    caBundle: nonEmpty(findSetting('caBundle', layers)),
    addressing: parseAddressing(nonEmpty(findSetting('addressing', layers))),
    region: checkRegion(nonEmpty(findSetting('region', layers)) ?? defaultOf('region')),
    profile: layers.profile,
    envFilePath: layers.envFile?.path,
    isEnvFileFound: layers.envFile?.named === false,
    notices: [...foundNotices(layers), ...unreadNotices(layers)],
  };
}

function nonEmpty<T extends Setting | undefined>(setting: T): T | undefined {
  return setting === undefined || setting.value === '' ? undefined : setting;
}

function defaultOf(name: 'region'): Setting {
  return { value: SETTINGS[name].default, origin: { layer: 'default', name } };
}

/** Part of a host name: what is none would end deep inside the SDK. */
function checkRegion(setting: Setting): Setting {
  if (/^[a-z0-9](?:[a-z0-9-]{0,60}[a-z0-9])?$/i.test(setting.value)) return setting;
  throw new SsecError(
    'SETTING_INVALID',
    `${describeOrigin(setting.origin)} is "${setting.value}", which is no region.`,
    {
      hints: ['a region is written like eu-central-1'],
    },
  );
}

function parseAddressing(setting: Setting | undefined): Setting<'path' | 'virtual'> | undefined {
  if (setting === undefined) return undefined;
  const { value, origin } = setting;
  if (value === 'path' || value === 'virtual') return { value, origin };
  // the word of the AWS CLI's configuration for "as you see fit"
  if (value === 'auto' && origin.layer === 'profile') return undefined;
  throw new SsecError(
    'SETTING_INVALID',
    `${describeOrigin(origin)} is "${value}"; it can be path or virtual.`,
  );
}

function parseSwitch(setting: Setting | undefined): boolean {
  if (setting === undefined || setting.value === '0') return false;
  if (setting.value === '1') return true;
  throw new SsecError(
    'SETTING_INVALID',
    `${describeOrigin(setting.origin)} is "${setting.value}"; it can be 1 or 0.`,
  );
}

/** @throws SsecError SETTING_INVALID where a file that was only found chooses a key or a ring */
export function refuseFoundKeyChoices(layers: SettingLayers): void {
  const { envFile } = layers;
  if (envFile === undefined || envFile.named) return;
  for (const definition of Object.values<SettingDefinition>(SETTINGS)) {
    const variable = definition.variables.find((name) => envFile.values[name] !== undefined);
    if (definition.found !== 'refuse' || variable === undefined) continue;
    throw new SsecError(
      'SETTING_INVALID',
      `${variable} stands in ${envFile.path}, which was found and not named; a found file may not choose a key.`,
      {
        hints: [
          `if the file is yours, name it: --env ${shellWord(envFile.path)}`,
          `or set ${variable} in the environment`,
        ],
      },
    );
  }
}

function foundNotices(layers: SettingLayers): string[] {
  const { envFile } = layers;
  if (envFile === undefined || envFile.named) return [];
  return Object.values<SettingDefinition>(SETTINGS)
    .filter((definition) => definition.found === 'ignore')
    .flatMap((definition) => definition.variables)
    .filter((variable) => envFile.values[variable] !== undefined)
    .map(
      (variable) =>
        `${variable} in ${envFile.path} is ignored: that file was found, not named (--env ${shellWord(envFile.path)})`,
    );
}

/** What stands in such a line is not shown: it may be the key. */
function unreadNotices({ envFile }: SettingLayers): string[] {
  const lines = envFile?.unreadLines ?? [];
  if (envFile === undefined || lines.length === 0) return [];
  const which = lines.length === 1 ? `line ${String(lines[0])}` : `lines ${lines.join(', ')}`;
  return [`${which} of ${envFile.path} ${lines.length === 1 ? 'is' : 'are'} not read: write NAME=value`];
}

function checkFoundEndpoint(
  endpoint: Setting,
  layers: SettingLayers,
  key: KeyChoice | undefined,
  identity: Identity,
): void {
  if (endpoint.origin.layer !== 'env-file' || layers.envFile?.named !== false) return;
  const keyGoes = key !== undefined && key.kind !== 'none' && key.kind !== 'ring';
  const sameFile = keyGoes
    ? key.kind === 'base64' && key.origin.layer === 'env-file'
    : identity.kind === 'static' && identity.origin.layer === 'env-file';
  if (sameFile) return;
  throw foundEndpointRefused(endpoint, keyGoes ? 'key does' : 'credentials do', layers.envFile.path);
}

/**
 * For what the keys of a ring would go to: they never stand in the file that the endpoint was found in.
 *
 * @throws SsecError ENDPOINT_UNTRUSTED
 */
export function refuseFoundEndpoint({ endpoint, envFilePath, isEnvFileFound }: Settings): void {
  if (endpoint?.origin.layer !== 'env-file' || !isEnvFileFound) return;
  throw foundEndpointRefused(endpoint, 'keys do', envFilePath ?? '.env');
}

/** @param whatDoes `key does`, `credentials do` */
function foundEndpointRefused(endpoint: Setting, whatDoes: string, path: string): SsecError {
  const shown = withoutSecrets(endpoint.value);
  return new SsecError(
    'ENDPOINT_UNTRUSTED',
    `${describeOrigin(endpoint.origin)} was found, not named, and your ${whatDoes} not come from that file: nothing was sent to ${shown}.`,
    {
      hints: [
        `if the file is yours, name it: --env ${shellWord(path)}`,
        `or pass --endpoint-url ${shellWord(shown)}`,
      ],
    },
  );
}

/** `KEY` is a name that other tools use for a secret. */
function refuseKeyMaterial(objectKey: Setting | undefined): void {
  if (objectKey?.origin.layer !== 'environment' || !looksLikeKeyMaterial(objectKey.value)) return;
  throw new SsecError(
    'SETTING_INVALID',
    `${describeOrigin(objectKey.origin)} looks like key material; here it is the object key.`,
    {
      hints: ['put the customer key into SSE_CUSTOMER_KEY_BASE64, and unset KEY'],
    },
  );
}

/** 44 characters of base64, or 64 hex digits. */
export function looksLikeKeyMaterial(text: string): boolean {
  return /^(?:[A-Za-z0-9+/_-]{43}=|[0-9A-Fa-f]{64})$/.test(text);
}
