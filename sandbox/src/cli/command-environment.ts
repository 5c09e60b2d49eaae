import { variablesToUnset } from '../environment.ts';

/** The caller's environment with the sandbox's settings over it. */
export function commandEnvironment(
  caller: Readonly<Record<string, string | undefined>>,
  sandbox: Readonly<Record<string, string>>,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(caller)) {
    if (value !== undefined && !variablesToUnset.includes(name)) environment[name] = value;
  }
  Object.assign(environment, sandbox);
  // The caller's own exceptions from the proxy go on to hold.
  for (const name of ['NO_PROXY', 'no_proxy']) {
    const before = caller[name];
    if (before !== undefined && before !== '') environment[name] = `${before},${sandbox[name] ?? ''}`;
  }
  return environment;
}
