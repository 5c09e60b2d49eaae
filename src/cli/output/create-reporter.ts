import type { Io } from '../io.ts';
import { HumanReporter } from './human.ts';
import { JsonReporter } from './json.ts';
import type { OutputOptions, Reporter } from './reporter.ts';

export function createReporter(io: Pick<Io, 'stdout' | 'stderr' | 'env'>, options: OutputOptions): Reporter {
  return options.json ? new JsonReporter(io, options) : new HumanReporter(io, options);
}
