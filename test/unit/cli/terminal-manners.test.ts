import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { wrapParagraphs } from '../../../src/cli/output/help-layout.ts';
import { hasColour } from '../../../src/cli/output/terminal-colour.ts';
import { runCli } from '../../support/run-cli.ts';

function stream(isTTY: boolean): Writable & { isTTY: boolean } {
  return Object.assign(new Writable(), { isTTY });
}

describe('colour', () => {
  test.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [false, { FORCE_COLOR: '' }, false],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  ])('terminal %s, %o: %s', (isTTY, env, expected) => {
    expect(hasColour(stream(isTTY), env)).toBe(expected);
  });

  test('is on the words that begin a line, and nowhere else', async () => {
    const { stderr } = await runCli(['put', '--nope'], { cwd: '/', env: {}, terminal: true });
    expect(stderr).toBe(
      "\u001b[31mssec:\u001b[39m Unknown option '--nope'.\n\u001b[36mhint:\u001b[39m ssec put --help\n",
    );
    const plain = await runCli(['put', '--nope'], { cwd: '/', env: {} });
    expect(plain.stderr).toBe("ssec: Unknown option '--nope'.\nhint: ssec put --help\n");
  });
});

describe('help', () => {
  test.each([
    ['put'],
    ['get'],
    ['keygen'],
    ['stat'],
    ['rm'],
    ['uploads'],
    ['bucket'],
    ['bucket', 'allow-sse-c'],
    ['completion'],
  ])('%s %s ends with examples, in ASCII', async (...words) => {
    const argv = words.filter((word) => word !== undefined);
    const { stdout } = await runCli([...argv, '--help'], { cwd: '/', env: {} });
    expect(stdout).toMatch(/\nExamples:\n(?: {2}.*\n)+$/);
    expect(stdout).toMatch(/^[\x20-\x7e\n]*$/);
  });

  test('wraps paragraphs and leaves commands', () => {
    expect(wrapParagraphs('one two three\nfour\n\nExamples:\n  a long command', 9)).toBe(
      'one two\nthree\nfour\n\nExamples:\n  a long command',
    );
  });

  test('ssec alone: a few lines', async () => {
    const { code, stderr, stdout } = await runCli([], { cwd: '/', env: {} });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.split('\n').length).toBeLessThan(12);
  });
});

describe('doctor', () => {
  const argv = ['doctor', '--key-file', 'a', '--key-command', 'cat a'];
  const message = '--key-file and --key-command both name a customer key; give one.';

  test('wraps to a narrow terminal, in the column of the messages', async () => {
    const env = { NO_COLOR: '1' };
    const { stdout } = await runCli(argv, { cwd: '/', env, terminal: true, columns: 40 });
    const lines = stdout.trimEnd().split('\n');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(40);
    expect(lines.slice(-3)).toEqual([
      'failure  --key-file and --key-command',
      '         both name a customer key; give',
      '         one.',
    ]);
  });

  test('wraps nothing elsewhere', async () => {
    const { stdout } = await runCli(argv, { cwd: '/', env: {}, columns: 40 });
    expect(stdout).toContain(`\nfailure  ${message}\n`);
  });
});
