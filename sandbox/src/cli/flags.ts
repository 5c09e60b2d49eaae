import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { checkFault } from '../faults/check-fault.ts';
import type { Fault } from '../faults/fault.ts';
import { parseFault } from '../faults/parse-fault.ts';
import { StartError } from './report.ts';

export interface Flags {
  readonly dir?: string;
  readonly port?: number;
  readonly blockSseC?: boolean;
  readonly copies?: 'refuse' | 'ignore';
  readonly attributes?: 'refuse' | 'ignore';
  readonly faults?: readonly Fault[];
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/**
 * What stands before `--`. Undefined where help or the version was all that was asked for.
 *
 * @param print for help and version
 * @throws StartError
 */
export function parseFlags(argv: readonly string[], print: (text: string) => void): Flags | undefined {
  const program = new Command('ssec-sandbox')
    .description('A local S3 over HTTPS that really does SSE-C, for demos, tests and CI.')
    .usage('[options] [-- COMMAND...]')
    .option('--dir <dir>', 'keep the objects in this folder (default: a temporary one, removed at the end)')
    .option('--port <number>', 'listen on this port of 127.0.0.1 (default: any free one)', parsePort)
    .option('--block-sse-c', 'new buckets block SSE-C, as on AWS since April 2026')
    .option(
      '--fault <fault>',
      'what is to go wrong, as in "fail UploadPart 503 SlowDown x2"; may be given several times',
      readFault,
    )
    .addOption(
      new Option(
        '--copies <how>',
        "copies with customer keys: 501, or stored plain as if the target's key were not there",
      ).choices(['refuse', 'ignore']),
    )
    .addOption(
      new Option('--attributes <how>', 'GetObjectAttributes: 501, or the object itself').choices([
        'refuse',
        'ignore',
      ]),
    )
    .option('--json', 'without COMMAND: print one JSON object instead of shell exports')
    .option('-q, --quiet', 'print nothing on stderr but errors')
    .option('-v, --verbose', 'show each request on stderr')
    .version(version(), '--version')
    .allowExcessArguments(false)
    .addHelpText('after', helpText)
    .exitOverride()
    .configureOutput({
      writeOut: print,
      outputError: () => undefined,
    });
  try {
    program.parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw usageError(error);
  }
  const { fault, ...flags } = program.opts<Flags & { readonly fault?: readonly Fault[] }>();
  return { ...flags, ...(fault === undefined ? {} : { faults: fault }) };
}

function usageError(error: CommanderError): StartError {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const sentence = `${first.charAt(0).toUpperCase()}${first.slice(1)}${/[.!?]$/.test(first) ? '' : '.'}`;
  const suggestions = rest.map((line) => line.replace(/^\((.*)\)$/, '$1')).filter((line) => line !== '');
  return new StartError('USAGE', sentence, ...suggestions, 'ssec-sandbox --help');
}

const helpText = `
With COMMAND: makes a bucket, runs COMMAND with BUCKET_NAME, endpoint, credentials, region and certificate set,
and ends with its exit code (126: it cannot be run, 127: not found, 128+n: ended by signal n; 2: the sandbox cannot start).
Without: prints these settings as shell exports and runs until Ctrl-C or SIGTERM, then cleans up and exits 0.

Examples:
  ssec-sandbox -- npm test
  ssec-sandbox --dir ./s3 --port 9443 > sandbox.env`;

function readFault(text: string, earlier: readonly Fault[] = []): readonly Fault[] {
  try {
    const fault = parseFault(text);
    checkFault(fault);
    return [...earlier, fault];
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError('It must be 0 to 65535.');
  return port;
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const isKnown = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isKnown ? String(manifest.version) : 'unknown';
}
