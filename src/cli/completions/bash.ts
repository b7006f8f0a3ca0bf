/** The script for bash, from the 3.2 that macOS has on: no associative arrays, and compopt only where it is. */
import { type Grammar, type OptionGrammar, optionsOf } from "./grammar.ts";

export function bashScript(grammar: Grammar): string {
  const { program, commands, fallback, leading } = grammar;
  const name = `_${program.replaceAll("-", "_")}`;
  const perCommand = commands.map(
    ({ name: word, options, operands, files, runs }) =>
      `    ${word}) words='${[...options.map(spelling), ...operands].join(" ")}'${files > 0 ? " files=1" : ""}${runs === null ? "" : ` runs='${runs.after ?? word}'`} ;;`,
  );
  return `# bash completion for ${program}, written by "${program} completions bash".
${name}() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command= words= files= runs= at
  # bash takes --option=value apart at the "=".
  if [[ $word == = ]]; then word=
  elif [[ $before == = ]]; then before=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((at = 1; at < COMP_CWORD; at++)); do
    case \${COMP_WORDS[at]} in
      ${leading.join("|")}) ;;
      -*) break ;;
      *) command=\${COMP_WORDS[at]}; break ;;
    esac
  done
  COMPREPLY=()
  case $before in
${valueCases(optionsOf(grammar))}
  esac
  case $command in
    '') words='${[...commands.map((command) => command.name), ...fallback.options.map(spelling)].join(" ")}'${fallback.files > 0 ? " files=1" : ""} ;;
${perCommand.join("\n")}
  esac
  # The program itself knows its runs; its first column has their names.
  if [[ $runs && $word != -* && " \${COMP_WORDS[*]} " == *" $runs "* ]]; then
    words+=" $("\${COMP_WORDS[0]}" runs --quiet 2>/dev/null | cut -f 1)"
  fi
  # Options that were given are not given twice.
  for at in $words; do
    [[ " \${COMP_WORDS[*]} " == *" $at "* && $at != "$word" ]] || COMPREPLY+=($(compgen -W "$at" -- "$word"))
  done
  [[ $files && $word != -* ]] || compopt +o bashdefault +o default 2>/dev/null
}
# Where nothing is found, bash goes on with file names: for the options that take one, and for stores.
complete -o bashdefault -o default -F ${name} ${program}
`;
}

/** Each leaves the function, since what follows such an option is never another one. */
function valueCases(options: readonly OptionGrammar[]): string {
  const lists = new Map<string, string[]>();
  for (const { spelled, value } of options) {
    if (value.kind === "none") continue;
    const answer = value.kind === "choice" ? value.choices.join(" ") : value.kind;
    lists.set(answer, [...(lists.get(answer) ?? []), spelled]);
  }
  const nothingElse = "compopt +o bashdefault +o default 2>/dev/null; return";
  return [...lists]
    .map(([answer, spelled]) => {
      const pattern = `    ${spelled.join("|")})`;
      if (answer === "file") return `${pattern} return ;;`;
      if (answer === "text") return `${pattern} ${nothingElse} ;;`;
      return `${pattern} COMPREPLY=($(compgen -W '${answer}' -- "$word")); ${nothingElse} ;;`;
    })
    .join("\n");
}

function spelling({ spelled }: OptionGrammar): string {
  return spelled;
}
