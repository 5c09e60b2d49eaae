import { PassThrough, Writable } from 'node:stream';
import { startSandbox } from 'ssec-sandbox';
import { describe, expect, test } from 'vitest';
import { ask, canAsk } from '../../../src/cli/ask.ts';
import { interruption } from '../../../src/cli/io.ts';
import { Redactor } from '../../../src/cli/output/redactor.ts';
import { runCli } from '../../support/run-cli.ts';

function terminal(signal = new AbortController().signal) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const said: string[] = [];
  const stderr = Object.assign(
    new Writable({
      write: (chunk, _encoding, done) => {
        said.push(String(chunk));
        done();
      },
    }),
    { isTTY: true },
  );
  return { io: { stdin, stderr, signal } as never, stdin, said };
}

describe('a question', () => {
  test.each([
    ['y\n', true],
    ['YES\n', true],
    [' y \n', true],
    ['\n', false],
    ['n\n', false],
    ['yup\n', false],
    ['', false],
  ])('%j: %s', async (typed, expected) => {
    const { io, stdin, said } = terminal();
    stdin.end(typed);
    expect(await ask('Delete it\u001b[2J?', io, new Redactor())).toBe(expected);
    expect(said.join('')).toBe('Delete it\\u{1b}[2J? [y/N] ');
  });

  test('ends with a signal', async () => {
    const stop = new AbortController();
    const { io } = terminal(stop.signal);
    const asked = ask('?', io, new Redactor());
    const reason = interruption('SIGINT');
    stop.abort(reason);
    await expect(asked).rejects.toBe(reason);
  });

  test('wants a terminal on both sides', () => {
    const { io } = terminal();
    expect(canAsk(io)).toBe(true);
    const { stdin, stderr } = io as { stdin: object; stderr: object };
    expect(canAsk({ stdin, stderr: {} } as never)).toBe(false);
    expect(canAsk({ stdin: {}, stderr } as never)).toBe(false);
  });
});

test('ssec rm asks, and takes no for an answer', async () => {
  const sandbox = await startSandbox();
  try {
    await sandbox.createBucket('my-bucket');
    const env = {
      ...sandbox.env('my-bucket'),
      SSE_CUSTOMER_KEY_BASE64: 'pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=',
    };
    const cli = (argv: string[], typed?: string) =>
      runCli(argv, {
        cwd: '/',
        env,
        stdin: Buffer.from('data'),
        ...(typed === undefined ? {} : { typed, terminal: true }),
      });
    for (const name of ['a', 'b']) expect((await cli(['put', '-', name])).code).toBe(0);
    const no = await cli(['rm', 'a'], 'n\n');
    expect(no.code).toBe(130);
    expect(no.stderr).toContain('Delete s3://my-bucket/a? [y/N] ');
    expect(no.stderr).toContain('Nothing was deleted.');
    expect((await cli(['stat', 'a'])).code).toBe(0);
    const yes = await cli(['rm', 'a', 'b'], 'y\n');
    expect(yes).toMatchObject({ code: 0, stdout: 's3://my-bucket/a\ns3://my-bucket/b\n' });
    expect(yes.stderr).toContain('Delete 2 objects: s3://my-bucket/a, s3://my-bucket/b? [y/N] ');
    expect((await cli(['stat', 'a'])).code).toBe(5);
  } finally {
    await sandbox.close();
  }
});
