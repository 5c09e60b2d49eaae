import { KEY_VARIABLES } from '../settings/setting-table.ts';
import type { Io } from './io.ts';

/** The environment for a process that ssec starts: ours, without what holds a customer key. */
export function childEnvironment(io: Io): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(io.env).filter(([name]) => !KEY_VARIABLES.includes(name)));
}
