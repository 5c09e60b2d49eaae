import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SsecError } from '../../src/errors.ts';
import type { SettingLayers } from '../../src/settings/setting-layers.ts';
import { SETTINGS, type SettingDefinition, type SettingName } from '../../src/settings/setting-table.ts';
import { type Settings, resolveSettings } from '../../src/settings/settings.ts';

const table = Object.entries<SettingDefinition>(SETTINGS);
const variables = table.flatMap(([, definition]) => definition.variables);
const flags = table
  .filter(([, definition]) => definition.flag !== undefined)
  .map(([name]) => name as SettingName);
const profileNames = table.flatMap(([, definition]) =>
  definition.profile === undefined ? [] : [definition.profile],
);

const value = fc.constantFrom('', 'path', 'virtual', 'one', 'two', 'https://a.example');
const subset = <Name extends string>(
  names: readonly Name[],
  values = value,
): fc.Arbitrary<Partial<Record<Name, string>>> =>
  fc
    .array(fc.tuple(fc.constantFrom(...names), values), { maxLength: 6 })
    .map((pairs) => Object.fromEntries(pairs) as Partial<Record<Name, string>>);

const layers: fc.Arbitrary<SettingLayers> = fc
  .record({
    flags: subset(
      flags,
      value.filter((text) => text !== ''),
    ),
    environment: subset(variables),
    envFile: fc.option(
      fc.record({ path: fc.constant('.env'), named: fc.boolean(), values: subset(variables) }),
      {
        nil: undefined,
      },
    ),
    profile: fc.option(fc.record({ name: fc.constant('work'), values: subset(profileNames) }), {
      nil: undefined,
    }),
  })
  .map(({ envFile, profile, ...rest }) => ({
    ...rest,
    ...(envFile === undefined
      ? {}
      : { envFile: { ...envFile, values: envFile.values as Record<string, string> } }),
    ...(profile === undefined ? {} : { profile }),
  }));

function resolve(given: SettingLayers): Settings | undefined {
  try {
    return resolveSettings(given, { usesKey: true });
  } catch (error) {
    if (error instanceof SsecError) return undefined;
    throw error;
  }
}

const RANK = { flag: 4, environment: 3, 'env-file': 2, profile: 1, default: 0 } as const;
const PLAIN = ['bucket', 'objectKey', 'endpoint', 'caBundle', 'addressing', 'region'] as const;
const LIMIT = { numRuns: 600 };

const without = (given: SettingLayers, layer: 'profile' | 'envFile'): SettingLayers => {
  const { [layer]: _gone, ...rest } = given;
  return rest;
};

describe('laws of precedence', () => {
  test('a weaker layer never changes what a stronger one sets', () => {
    let compared = 0;
    fc.assert(
      fc.property(layers, (given) => {
        const whole = resolve(given);
        fc.pre(whole !== undefined);
        for (const layer of ['profile', 'envFile'] as const) {
          const rest = resolve(without(given, layer));
          if (rest === undefined || whole === undefined) continue;
          const rank = layer === 'profile' ? RANK.profile : RANK['env-file'];
          for (const name of PLAIN) {
            const setting = whole[name];
            if (setting === undefined || RANK[setting.origin.layer] <= rank) continue;
            compared++;
            expect(rest[name]).toEqual(setting);
          }
          if (layer === 'profile') {
            expect(rest.key).toEqual(whole.key);
            expect(rest.identity).toEqual(whole.identity);
          }
          if ('origin' in whole.key && RANK[whole.key.origin.layer] > rank)
            expect(rest.key).toEqual(whole.key);
        }
      }),
      LIMIT,
    );
    expect(compared).toBeGreaterThan(100);
  });

  test('every value comes from the layer that its origin names, to the letter', () => {
    fc.assert(
      fc.property(layers, (given) => {
        const settings = resolve(given);
        fc.pre(settings !== undefined);
        for (const name of PLAIN) {
          const setting = settings?.[name];
          if (setting === undefined) continue;
          const { layer, name: source } = setting.origin;
          const there =
            layer === 'flag'
              ? given.flags[name]
              : layer === 'environment'
                ? given.environment[source]
                : layer === 'env-file'
                  ? given.envFile?.values[source]
                  : layer === 'profile'
                    ? given.profile?.values[source]
                    : 'us-east-1';
          expect(setting.value).toBe(there);
          expect(setting.value).not.toBe('');
        }
      }),
      LIMIT,
    );
  });

  test('an empty value ends the search', () => {
    const name = fc.constantFrom('bucket', 'objectKey', 'endpoint', 'caBundle', 'addressing');
    fc.assert(
      fc.property(layers, name, (given, setting) => {
        const variable: string = SETTINGS[setting].variables[0];
        const { [setting]: _flag, ...others } = given.flags;
        const settings = resolve({
          ...given,
          flags: others,
          environment: { ...given.environment, [variable]: '' },
        });
        fc.pre(settings !== undefined);
        expect(settings?.[setting]).toBeUndefined();
      }),
      LIMIT,
    );
  });

  test('an empty key variable is no key, whatever stands below', () => {
    fc.assert(
      fc.property(layers, (given) => {
        const flagsLeft = Object.fromEntries(
          Object.entries(given.flags).filter(
            ([name]) => !['keyFile', 'keyCommand', 'keyName'].includes(name),
          ),
        );
        const settings = resolve({
          ...given,
          flags: flagsLeft,
          environment: { SSE_CUSTOMER_KEY_BASE64: '' },
        });
        fc.pre(settings !== undefined);
        expect(settings?.key.kind).toBe('none');
      }),
      LIMIT,
    );
  });

  test('a found file never chooses a key, a CA, an addressing or a key and an endpoint apart', () => {
    fc.assert(
      fc.property(layers, (given) => {
        fc.pre(given.envFile?.named === false);
        const settings = resolve(given);
        fc.pre(settings !== undefined);
        if (settings === undefined) return;
        if ('origin' in settings.key && settings.key.origin.layer === 'env-file') {
          expect(['base64', 'none']).toContain(settings.key.kind);
        }
        expect(settings.caBundle?.origin.layer).not.toBe('env-file');
        expect(settings.addressing?.origin.layer).not.toBe('env-file');
        if (
          settings.endpoint?.origin.layer === 'env-file' &&
          settings.key.kind !== 'none' &&
          settings.key.kind !== 'ring'
        ) {
          expect(settings.key.origin.layer).toBe('env-file');
        }
      }),
      LIMIT,
    );
  });
});
