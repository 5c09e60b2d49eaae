import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { Output } from '../../../src/cli/io.ts';
import { createReporter } from '../../../src/cli/output/create-reporter.ts';
import type { OutputOptions } from '../../../src/cli/output/reporter.ts';

interface Terminal {
  readonly stream: Output;
  readonly text: () => string;
}

function terminal(isTTY: boolean): Terminal {
  const chunks: Buffer[] = [];
  const stream = new PassThrough();
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return {
    stream: Object.assign(stream, {
      isTTY,
      columns: 120,
      // what cli-progress asks of a terminal
      cursorTo: () => true,
      moveCursor: () => true,
      clearLine: () => true,
    }),
    text: () => Buffer.concat(chunks).toString(),
  };
}

async function transfer(
  isTTY: boolean,
  options: Partial<OutputOptions>,
): Promise<{ stdout: string; stderr: string }> {
  const stdout = terminal(isTTY);
  const stderr = terminal(isTTY);
  const reporter = createReporter(
    { stdout: stdout.stream, stderr: stderr.stream },
    { json: false, quiet: false, verbose: false, ...options },
  );
  const progress = await reporter.progress('sample.jpg', 1000);
  progress.update(500);
  progress.update(1000);
  progress.stop();
  progress.stop();
  await new Promise((next) => setImmediate(next));
  return { stdout: stdout.text(), stderr: stderr.text() };
}

describe('the progress bar', () => {
  test('on a terminal, on stderr', async () => {
    const { stdout, stderr } = await transfer(true, {});
    expect(stdout).toBe('');
    expect(stderr).toContain('sample.jpg');
  });

  test.each<[string, boolean, Partial<OutputOptions>]>([
    ['no terminal', false, {}],
    ['no terminal, --json', false, { json: true }],
    ['--quiet', true, { quiet: true }],
    ['--verbose', true, { verbose: true }],
    ['--json', true, { json: true }],
  ])('%s: not a byte', async (_name, isTTY, options) => {
    expect(await transfer(isTTY, options)).toEqual({ stdout: '', stderr: '' });
  });
});
