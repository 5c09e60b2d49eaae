import { SsecError } from '../errors.ts';
import { SETTINGS, type SettingDefinition, type SettingName } from './setting-table.ts';

/** Where a value came from. */
export interface Origin {
  readonly layer: 'flag' | 'environment' | 'env-file' | 'profile' | 'default';
  /** The flag or variable: `--region`, `AWS_REGION`. */
  readonly name: string;
  /** Path of the env file, name of the profile. */
  readonly source?: string;
}

/** A value and where it came from. An empty value was set on purpose and ends the search. */
export interface Setting<T = string> {
  readonly value: T;
  readonly origin: Origin;
}

export interface EnvFile {
  /** As the user wrote it, for messages. */
  readonly path: string;
  /** True where the user named it; false for a `.env` that happened to stand in the current folder. */
  readonly named: boolean;
  readonly values: Readonly<Record<string, string>>;
  /** Numbers of the lines that say nothing, and are no comments. */
  readonly unreadLines?: readonly number[];
}

export interface ProfileLayer {
  readonly name: string;
  readonly values: Readonly<Record<string, string | undefined>>;
}

/** Everything that settings are resolved from, strongest first. */
export interface SettingLayers {
  readonly flags: Readonly<Partial<Record<SettingName, string>>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly envFile?: EnvFile;
  readonly profile?: ProfileLayer;
}

/** The strongest layer that sets a setting, be it to nothing. */
export function findSetting(name: SettingName, layers: SettingLayers): Setting | undefined {
  const definition: SettingDefinition = SETTINGS[name];
  const flag = flagSetting(name, layers);
  if (flag !== undefined) return flag;
  const set = environmentSetting(name, layers) ?? envFileSetting(name, layers);
  if (set !== undefined) return set;
  const inProfile = definition.profile === undefined ? undefined : layers.profile?.values[definition.profile];
  if (inProfile === undefined || layers.profile === undefined || definition.profile === undefined)
    return undefined;
  return {
    value: inProfile,
    origin: { layer: 'profile', name: definition.profile, source: layers.profile.name },
  };
}

/** @throws SsecError SETTING_INVALID for a flag that was given and is empty */
export function flagSetting(name: SettingName, layers: SettingLayers): Setting | undefined {
  const definition: SettingDefinition = SETTINGS[name];
  const value = layers.flags[name];
  if (value === undefined || definition.flag === undefined) return undefined;
  const flag = longFlag(definition.flag);
  if (value === '') throw new SsecError('SETTING_INVALID', `${flag} is empty.`);
  return { value, origin: { layer: 'flag', name: flag } };
}

export function environmentSetting(name: SettingName, layers: SettingLayers): Setting | undefined {
  const definition: SettingDefinition = SETTINGS[name];
  for (const variable of definition.variables) {
    const value = layers.environment[variable];
    if (value !== undefined) return { value, origin: { layer: 'environment', name: variable } };
  }
  return undefined;
}

/** What the env file says, as far as a file of its kind may say it. */
export function envFileSetting(name: SettingName, layers: SettingLayers): Setting | undefined {
  const definition: SettingDefinition = SETTINGS[name];
  const { envFile } = layers;
  if (envFile === undefined || (!envFile.named && definition.found !== 'read')) return undefined;
  for (const variable of definition.variables) {
    const value = envFile.values[variable];
    if (value !== undefined) {
      return { value, origin: { layer: 'env-file', name: variable, source: envFile.path } };
    }
  }
  return undefined;
}

/** `BUCKET_NAME in .env`, `--bucket`, ...: how a message names where a value stands. */
export function describeOrigin(origin: Origin): string {
  switch (origin.layer) {
    case 'env-file':
      return `${origin.name} in ${origin.source ?? '.env'}`;
    case 'environment':
      return `${origin.name} in the environment`;
    case 'profile':
      return `${origin.name} of the profile "${origin.source ?? ''}"`;
    case 'flag':
    case 'default':
      return origin.name;
  }
}

function longFlag(flag: string): string {
  return /--[a-z-]+/.exec(flag)?.[0] ?? flag;
}
