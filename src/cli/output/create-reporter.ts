import type { Output } from '../io.ts';
import { HumanReporter } from './human.ts';
import { JsonReporter } from './json.ts';
import type { OutputOptions, Reporter } from './reporter.ts';

export function createReporter(
  streams: { stdout: Output; stderr: Output },
  options: OutputOptions,
): Reporter {
  return options.json ? new JsonReporter(streams, options) : new HumanReporter(streams, options);
}
