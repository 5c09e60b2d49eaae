import type { Command } from 'commander';
import { SETTINGS, type SettingDefinition, type SettingName } from '../settings/setting-table.ts';
import { withoutSecrets } from '../endpoint.ts';
import { SsecError } from '../errors.ts';
import { shellWord } from '../shell-word.ts';
import { flagLayer } from './options.ts';

/** What says which server is asked, and as whom: without it a command of a hint would go to another one. */
const CARRIED = ['profile', 'endpoint', 'region'] as const satisfies readonly SettingName[];
/** The same for aws. */
const AWS_FLAGS = { profile: '--profile', endpoint: '--endpoint-url', region: '--region' } as const;
/** Commands of hints that talk to a server. */
const OF_SSEC = /\bssec (?:bucket (?:show|allow-sse-c|block-sse-c)|get|put|uploads|doctor|ls|stat|rm)\b/;
const OF_AWS = /\baws (?:s3|s3api) [a-z]/;

/** Gives the commands of a hint the flags that the command line had: what was set elsewhere is there the next time. */
export function carryFlags(command: Command): (hint: string) => string {
  const flags = flagLayer(command);
  const env: unknown = command.getOptionValue('env');
  const given = CARRIED.filter((name) => flags[name] !== undefined);
  const value = (name: SettingName): string => shellWord(withoutSecrets(flags[name] ?? ''));
  const ofSsec = given.map((name) => `${longFlag(name)} ${value(name)}`);
  if (typeof env === 'string') ofSsec.push(`--env ${shellWord(env)}`);
  const ofAws = given.map((name) => `${AWS_FLAGS[name]} ${value(name)}`);
  return (hint) => {
    if (OF_SSEC.test(hint)) return appended(hint, ofSsec);
    return OF_AWS.test(hint) ? appended(hint, ofAws) : hint;
  };
}

/** An error with such hints. */
export function withCarriedFlags(error: SsecError, command: Command): SsecError {
  return new SsecError(error.code, error.message, {
    hints: error.hints.map(carryFlags(command)),
    cause: error.cause,
    context: error.context,
  });
}

/** Behind the command, which ends with the hint or with a bracket; what it says already stays. */
function appended(hint: string, flags: readonly string[]): string {
  const missing = flags.filter((flag) => !hint.includes(flag.split(' ')[0] ?? ''));
  if (missing.length === 0) return hint;
  const text = ` ${missing.join(' ')}`;
  return hint.endsWith(')') ? `${hint.slice(0, -1)}${text})` : hint + text;
}

function longFlag(name: SettingName): string {
  const { flag = '' }: SettingDefinition = SETTINGS[name];
  return /--[a-z-]+/.exec(flag)?.[0] ?? flag;
}
