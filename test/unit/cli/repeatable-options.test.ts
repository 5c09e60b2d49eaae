import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { allCommands, completionTree } from '../../../src/cli/completion/completion-tree.ts';
import { createProgram } from '../../../src/cli/program.ts';
import { RepeatableOption } from '../../../src/cli/repeatable-option.ts';
import { runCli } from '../../support/run-cli.ts';

const program = createProgram(async () => undefined);

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

const parsed = everyCommand(program).flatMap((command) =>
  command.options
    // what is one of a few words is parsed by commander itself
    .filter(({ parseArg, argChoices }) => parseArg !== undefined && argChoices === undefined)
    .map((option) => [`${command.name()} ${option.flags}`, option] as const),
);

test.for(parsed)('%s keeps what was before it only where it says so', ([, option]) => {
  const samples = ['7', 'a=b', 'auto', 'json', 'text', '1/7'];
  const parse = (text: string, before?: unknown): unknown[] => {
    try {
      return [option.parseArg?.(text, before as never)];
    } catch {
      return [];
    }
  };
  const values = samples.flatMap((text) => parse(text));
  // a value for each parser, or this says nothing
  expect(values).not.toEqual([]);
  const first = samples.find((text) => parse(text).length > 0) ?? '';
  const other = first === 'a=b' ? 'c=d' : first === '1/7' ? '2/7' : '9';
  const [alone] = parse(first);
  const [behind] = parse(other).length > 0 ? parse(first, parse(other)[0]) : [alone];
  expect(JSON.stringify(alone) !== JSON.stringify(behind)).toBe(option instanceof RepeatableOption);
});

test('completion repeats exactly those', () => {
  const names = allCommands(completionTree(program)).flatMap(({ path, options }) =>
    options.filter(({ repeats }) => repeats).map((option) => `${path} ${option.names.join(' ')}`),
  );
  expect(names).toEqual([
    'put --metadata',
    'put --tag',
    'put --include',
    'put --exclude',
    'get --include',
    'get --exclude',
    'verify --include',
    'verify --exclude',
    'rekey --from',
    'rekey --include',
    'rekey --exclude',
    'rekey --manifest',
    'sandbox --fault',
  ]);
});

test("the sandbox's options are those that it has", async () => {
  const { stdout } = await runCli(['sandbox', '--help'], { cwd: '/', env: {} });
  const said = /^Options:\n(.*?)\n\n/ms.exec(stdout)?.[1]?.replace(/\s+/g, ' ').trim();
  const help = program.createHelp();
  const sandbox = program.commands.find((command) => command.name() === 'sandbox');
  const ours = help
    .visibleOptions(sandbox ?? program)
    .map((option) => `${help.optionTerm(option)} ${help.optionDescription(option)}`);
  expect(said).toBe(ours.join(' '));
});
