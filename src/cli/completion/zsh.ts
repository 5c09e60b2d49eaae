import {
  type CompletionArgument,
  type CompletionCommand,
  type CompletionOption,
  type CompletionValue,
  allCommands,
} from './completion-tree.ts';
import { POSIX_KEYS } from './key-names.ts';
import { POSIX_PROFILES } from './profile-names.ts';
import { posixQuoted } from './quote.ts';

/** For zsh: a file `_ssec` in the fpath, or evaluated after compinit. */
export function zshCompletion(tree: CompletionCommand): string {
  return `#compdef ssec
# zsh completion for ssec

${POSIX_PROFILES}
${POSIX_KEYS}
_ssec_key_names() {
  local -a names
  names=("\${(@f)$(_ssec_ring_keys)}")
  compadd -- "\${(@)names:#}"
}

_ssec_profile_names() {
  local -a names
  names=("\${(@f)$(_ssec_profiles)}")
  compadd -- "\${(@)names:#}"
}

_ssec_nothing() {
  return 1
}

${allCommands(tree).map(commandFunction).join('\n')}
if [[ $funcstack[1] == _ssec ]]; then
  _ssec "$@"
elif (( $+functions[compdef] )); then
  compdef _ssec ssec
else
  print -u2 'ssec: completion needs compinit.'
  print -u2 'hint: put "autoload -Uz compinit; compinit" above it in ~/.zshrc'
fi
`;
}

function functionName(path: string): string {
  return ['_ssec', ...path.split(' ').filter((word) => word !== '')].join('_').replaceAll('-', '_');
}

function commandFunction(command: CompletionCommand): string {
  const specs = command.options.map(optionSpec);
  if (command.commands.length === 0) {
    return lines(functionName(command.path), [...specs, ...command.arguments.map(argumentSpec)]);
  }
  const described = command.commands.map(({ name, description }) =>
    posixQuoted(`${escaped(name)}:${description}`),
  );
  const cases = command.commands.map(
    ({ name, path }) => `        ${posixQuoted(name)}) ${functionName(path)} ;;`,
  );
  return `${functionName(command.path)}() {
  local curcontext=$curcontext state line ret=1
  local -A opt_args
  local -a commands
  _arguments -C -S -s \\
${[...specs, "'1: :->command'", "'*:: :->inside'"].map((spec) => `    ${spec}`).join(' \\\n')} && ret=0
  case $state in
    command)
      commands=(
${described.map((one) => `        ${one}`).join('\n')}
      )
      _describe -t commands command commands && ret=0
      ;;
    inside)
      curcontext="\${curcontext%:*:*}:ssec-$line[1]:"
      case $line[1] in
${cases.join('\n')}
      esac && ret=0
      ;;
  esac
  return ret
}
`;
}

function lines(name: string, specs: readonly string[]): string {
  return `${name}() {
  _arguments -S -s \\
${specs.map((spec) => `    ${spec}`).join(' \\\n')}
}
`;
}

function optionSpec({ names, description, takes, valueName, value, repeats }: CompletionOption): string {
  const colons = takes === 'value' ? ':' : '::';
  const behind = takes === 'nothing' ? '' : `${colons}${escaped(valueName)}:${action(value)}`;
  const rest = posixQuoted(`[${bracketed(description)}]${behind}`);
  const shapes = names.map((name) => {
    if (takes === 'nothing') return name;
    return name.startsWith('--') ? `${name}=` : `${name}+`;
  });
  const before = repeats ? posixQuoted('*') : posixQuoted(`(${names.join(' ')})`);
  return shapes.length === 1 ? `${before}${shapes[0] ?? ''}${rest}` : `${before}{${shapes.join(',')}}${rest}`;
}

function argumentSpec({ name, value, variadic }: CompletionArgument): string {
  // with a mere message zsh lists an option that would fit, and does not put it in
  const offers = value.kind === 'free' ? '_ssec_nothing' : action(value);
  return posixQuoted(`${variadic ? '*' : ':'}:${escaped(name)}:${offers}`);
}

function action(value: CompletionValue): string {
  switch (value.kind) {
    case 'words':
      return `(${value.words.map((word) => word.replace(/[\s()\\:'"$\x60]/g, '\\$&')).join(' ')})`;
    case 'profile':
      return '_ssec_profile_names';
    case 'ring_key':
      return '_ssec_key_names';
    case 'file':
      return '_files';
    case 'free':
      return ' ';
  }
}

function escaped(text: string): string {
  return text.replace(/[\\:]/g, '\\$&');
}

function bracketed(text: string): string {
  return text.replace(/[\\[\]:]/g, '\\$&');
}
