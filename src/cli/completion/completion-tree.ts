import type { Argument, Command, Option } from 'commander';
import { RepeatableOption } from '../repeatable-option.ts';

/** What may stand where a value is wanted. */
export type CompletionValue =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'profile' }
  /** Of the key ring. */
  | { readonly kind: 'ring_key' }
  | { readonly kind: 'file' }
  | { readonly kind: 'free' };

export interface CompletionOption {
  /** `-p`, `--profile` */
  readonly names: readonly string[];
  readonly description: string;
  readonly takes: 'nothing' | 'value' | 'optional value';
  /** As help calls it. */
  readonly valueName: string;
  readonly value: CompletionValue;
  readonly repeats: boolean;
}

export interface CompletionArgument {
  readonly name: string;
  readonly value: CompletionValue;
  readonly variadic: boolean;
}

export interface CompletionCommand {
  /** `bucket allow-sse-c`; empty for the program itself. */
  readonly path: string;
  /** The last word of the path. */
  readonly name: string;
  readonly description: string;
  readonly options: readonly CompletionOption[];
  readonly arguments: readonly CompletionArgument[];
  readonly commands: readonly CompletionCommand[];
}

/** What a shell must know of the command tree: all that help shows, and nothing that it hides. */
export function completionTree(command: Command, path = ''): CompletionCommand {
  const help = command.createHelp();
  const visible = help.visibleCommands(command);
  const names = visible.map((child) => child.name()).filter((name) => name !== 'help');
  return {
    path,
    name: command.name(),
    description: help.subcommandDescription(command),
    options: help.visibleOptions(command).map(optionOf),
    arguments: command.registeredArguments.map((argument) => argumentOf(argument, path)),
    commands: visible.map((child) => {
      const below = path === '' ? child.name() : `${path} ${child.name()}`;
      const tree = completionTree(child, below);
      // commander's own help command knows no parent
      if (child.name() !== 'help') return tree;
      return {
        ...tree,
        options: [],
        arguments: [{ name: 'command', value: { kind: 'words', words: names }, variadic: false }],
      };
    }),
  };
}

/** Every command, the outer before the inner. */
export function allCommands(tree: CompletionCommand): CompletionCommand[] {
  return [tree, ...tree.commands.flatMap(allCommands)];
}

function optionOf(option: Option): CompletionOption {
  const valueName = /[<[]([^>\]]*)[>\]]/.exec(option.flags)?.[1] ?? '';
  const names = [option.short, option.long].filter((name) => name !== undefined);
  return {
    names,
    description: option.description,
    takes: option.required ? 'value' : option.optional ? 'optional value' : 'nothing',
    valueName,
    value: namedValue(names) ?? valueOf(valueName, option.argChoices),
    repeats: option.variadic || option instanceof RepeatableOption,
  };
}

function namedValue(names: readonly string[]): CompletionValue | undefined {
  if (names.includes('--profile')) return { kind: 'profile' };
  return names.some((name) => NAMES_A_KEY.has(name)) ? { kind: 'ring_key' } : undefined;
}

/** Options that take the name of a key that is there already. */
const NAMES_A_KEY: ReadonlySet<string> = new Set(['--key-name', '--from', '--to']);

/** Arguments that do. */
const OF_A_KEY: readonly string[] = ['keys default', 'keys retire', 'keys export'];

function argumentOf(argument: Argument, path: string): CompletionArgument {
  const value = valueOf(argument.name(), argument.argChoices);
  return {
    name: argument.name(),
    value: OF_A_KEY.includes(path) ? { kind: 'ring_key' } : value,
    variadic: argument.variadic,
  };
}

/** The name of a value tells what it is: the same word in help means the same thing everywhere. */
function valueOf(name: string, choices: readonly string[] | undefined): CompletionValue {
  if (choices !== undefined) return { kind: 'words', words: choices };
  return /^(file|path|folder|dir|directory)\b/i.test(name) ? { kind: 'file' } : { kind: 'free' };
}
