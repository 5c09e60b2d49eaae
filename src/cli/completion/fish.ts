import {
  type CompletionCommand,
  type CompletionOption,
  type CompletionValue,
  allCommands,
} from './completion-tree.ts';
import { FISH_KEYS } from './key-names.ts';
import { FISH_PROFILES } from './profile-names.ts';
import { fishQuoted } from './quote.ts';

/** For fish 3 and newer, which knows `--option=value` and `--` by itself. */
export function fishCompletion(tree: CompletionCommand): string {
  return `# fish completion for ssec

${FISH_PROFILES}
${FISH_KEYS}
# whether an option of a command takes the next word
function __ssec_takes
    switch "$argv[1]:$argv[2]"
${allCommands(tree).flatMap(takesCases).join('\n')}
    end
    return 1
end

# whether these words are a command
function __ssec_known
    switch "$argv"
        case ${allCommands(tree)
          .filter(({ path }) => path !== '')
          .map(({ path }) => fishQuoted(path))
          .join(' ')}
            return 0
    end
    return 1
end

# whether the cursor stands in the command $argv[1], and at its argument number $argv[2]
function __ssec_at
    set -l words (commandline -opc)
    set -l path
    set -l count 0
    set -l skip 0
    set -l dashes 0
    for word in $words[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        if test $dashes = 0
            if test "$word" = --
                set dashes 1
                continue
            end
            if string match -q -- '-*' "$word"
                __ssec_takes "$path" "$word"; and set skip 1
                continue
            end
        end
        if test $count = 0; and __ssec_known $path $word
            set path $path $word
        else
            set count (math $count + 1)
        end
    end
    test "$path" = "$argv[1]"; or return 1
    test (count $argv) = 1; or test $count = "$argv[2]"
end

complete -c ssec -f
${allCommands(tree).flatMap(completeLines).join('\n')}
`;
}

function takesCases({ path, options }: CompletionCommand): string[] {
  const names = options
    .filter(({ takes }) => takes === 'value')
    .flatMap((option) => option.names.map((name) => fishQuoted(`${path}:${name}`)));
  return names.length === 0 ? [] : [`        case ${names.join(' ')}`, '            return 0'];
}

function completeLines({ path, commands, options, arguments: all }: CompletionCommand): string[] {
  const at = (number?: number): string =>
    `complete -c ssec -n ${fishQuoted(`__ssec_at ${fishQuoted(path)}${number === undefined ? '' : ` ${number}`}`)}`;
  return [
    ...commands.map(
      ({ name, description }) => `${at(0)} -a ${fishQuoted(name)} -d ${fishQuoted(description)}`,
    ),
    ...options.map((option) => `${at()} ${optionFlags(option)} -d ${fishQuoted(option.description)}`),
    ...all
      .map(({ value, variadic }, number) => ({ value, where: at(variadic ? undefined : number) }))
      .filter(({ value }) => value.kind !== 'free')
      .map(({ value, where }) => `${where}${offered(value)}`),
  ];
}

function optionFlags({ names, takes, value }: CompletionOption): string {
  const flags = names.map((name) =>
    name.startsWith('--') ? `-l ${fishQuoted(name.slice(2))}` : `-s ${fishQuoted(name.slice(1))}`,
  );
  // an optional value is offered behind = alone, or fish would take the next word for it
  const wants = takes !== 'value' ? '' : value.kind === 'file' ? ' -r' : ' -x';
  return `${flags.join(' ')}${wants}${takes === 'nothing' ? '' : offered(value)}`;
}

function offered(value: CompletionValue): string {
  switch (value.kind) {
    case 'words':
      return ` -a ${fishQuoted(value.words.map(fishQuoted).join(' '))}`;
    case 'profile':
      return " -a '(__ssec_profiles)'";
    case 'ring_key':
      return " -a '(__ssec_ring_keys)'";
    case 'file':
      return ' -F';
    case 'free':
      return '';
  }
}
