import { type CompletionCommand, type CompletionValue, allCommands } from './completion-tree.ts';
import { POSIX_KEYS } from './key-names.ts';
import { POSIX_PROFILES } from './profile-names.ts';
import { posixQuoted } from './quote.ts';

/** For bash 3.2 and newer, with or without the package bash-completion. */
export function bashCompletion(tree: CompletionCommand): string {
  return `# bash completion for ssec
# shellcheck shell=bash

${POSIX_PROFILES}
${POSIX_KEYS}
# what may stand behind an option: sets takes and value
_ssec_option() {
  takes='' value=free words=()
  case "$1:$2" in
${allCommands(tree).flatMap(optionCases).join('\n')}
  esac
}

# what may stand in a command: sets commands and flags, and value for its argument number $2
_ssec_command() {
  commands=() flags=() value=free words=()
  case "$1" in
${allCommands(tree).map(commandCase).join('\n')}
  esac
  case "$1:$2" in
${allCommands(tree).flatMap(argumentCases).join('\n')}
  esac
}

${DRIVER}`;
}

function optionCases({ path, options }: CompletionCommand): string[] {
  return options
    .filter(({ takes }) => takes !== 'nothing')
    .map(({ names, takes, value }) => {
      const patterns = names.map((name) => posixQuoted(`${path}:${name}`)).join('|');
      return `    ${patterns}) takes=${takes === 'value' ? 'value' : 'optional'}${assign(value)} ;;`;
    });
}

function commandCase({ path, commands, options }: CompletionCommand): string {
  const names = commands.map(({ name }) => posixQuoted(name)).join(' ');
  const flags = options.flatMap((option) => option.names.map(posixQuoted)).join(' ');
  return `    ${posixQuoted(path)}) commands=(${names}) flags=(${flags}) ;;`;
}

function argumentCases({ path, arguments: all }: CompletionCommand): string[] {
  return all
    .map(({ value, variadic }, at) => ({
      value,
      pattern: variadic ? `${posixQuoted(`${path}:`)}*` : posixQuoted(`${path}:${at}`),
    }))
    .filter(({ value }) => value.kind !== 'free')
    .map(({ value, pattern }) => `    ${pattern})${assign(value)} ;;`);
}

function assign(value: CompletionValue): string {
  if (value.kind === 'free') return '';
  return value.kind === 'words'
    ? ` value=words words=(${value.words.map(posixQuoted).join(' ')})`
    : ` value='${value.kind}'`;
}

/**
 * bash splits words at \`=\` and \`:\` too, unless COMP_WORDBREAKS says otherwise; they are put together again, and what
 * readline will not replace is cut off from what is offered.
 */
const DRIVER = String.raw`# offers those of the arguments that begin with $cur, without $done, which stands there already
_ssec_offer() {
  local word plain=$cur raw=''
  case $plain in
    [\"\']*) raw=1 plain=${'$'}{plain#?} ;;
    *) plain=${'$'}{plain//\\/} ;;
  esac
  for word in "$@"; do
    [[ $word == "$plain"* ]] || continue
    [[ -n $raw ]] || printf -v word '%q' "$word"
    word=$option$word
    COMPREPLY+=("${'$'}{word#"$kept"}")
  done
}

_ssec() {
  local IFS=$' \t\n' line=${'$'}{COMP_LINE:0:COMP_POINT} all=() i word gap
  for ((i = 0; i <= COMP_CWORD; i++)); do
    gap=${'$'}{line%%[![:space:]]*}
    line=${'$'}{line#"$gap"}
    word=${'$'}{COMP_WORDS[i]}
    ((i < COMP_CWORD)) || word=$line
    if [[ -z $gap && $i -gt 0 ]]; then all[${'$'}{#all[@]} - 1]+=$word; else all+=("$word"); fi
    line=${'$'}{line#"$word"}
  done
  local last=$((${'$'}{#all[@]} - 1)) command='' count=0 dashes='' pending=''
  local takes='' value=free words=() commands=() flags=() name
  for ((i = 1; i < last; i++)); do
    word=${'$'}{all[i]}
    if [[ -z $dashes && $word == -- ]]; then
      dashes=1
      continue
    fi
    if [[ -z $dashes && $word == -* ]]; then
      _ssec_option "$command" "$word"
      if [[ $takes == value || ($takes == optional && ${'$'}{all[i + 1]} != -*) ]]; then
        i=$((i + 1))
        ((i < last)) || pending=$word
      fi
      continue
    fi
    _ssec_command "$command" "$count"
    name=''
    if [[ $count -eq 0 ]]; then
      for name in "${'$'}{commands[@]}" ''; do [[ $name != "$word" ]] || break; done
    fi
    if [[ -n $name ]]; then command=${'$'}{command:+$command }$name; else count=$((count + 1)); fi
  done
  local cur=${'$'}{all[last]} option='' kept=''
  # what readline keeps, since it replaces the last piece alone
  for word in = :; do
    [[ $COMP_WORDBREAKS == *"$word"* && $cur == *"$word"* ]] || continue
    name=${'$'}{cur%"$word"*}$word
    [[ ${'$'}{#name} -le ${'$'}{#kept} ]] || kept=$name
  done
  COMPREPLY=()
  if [[ -n $pending ]]; then
    _ssec_option "$command" "$pending"
  elif [[ -z $dashes && $cur == --*=* ]]; then
    option=${'$'}{cur%%=*}=
    _ssec_option "$command" "${'$'}{option%=}"
    cur=${'$'}{cur#*=}
  else
    _ssec_command "$command" "$count"
    if [[ -z $dashes && $cur == -* ]]; then
      _ssec_offer "${'$'}{flags[@]}"
      return
    fi
    [[ $count -gt 0 ]] || _ssec_offer "${'$'}{commands[@]}"
  fi
  case $value in
    words) _ssec_offer "${'$'}{words[@]}" ;;
    profile | ring_key)
      words=()
      while IFS= read -r word; do words+=("$word"); done < <(_ssec_"$value"s)
      _ssec_offer "${'$'}{words[@]}"
      ;;
    file)
      # readline's own knows ~, quotes and folders
      if type compopt >/dev/null 2>&1; then
        compopt -o bashdefault -o default
      else
        while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$cur")
      fi
      ;;
  esac
}

complete -F _ssec ssec
`;
