/** The script for zsh: `_arguments` does the work, once the command is found. */
import type { CommandGrammar, Grammar, OptionGrammar } from "./grammar.ts";

export function zshScript({ program, commands, fallback, leading }: Grammar): string {
  const name = `_${program}`;
  const list = commands.map((command) => `${command.name}\\:${quotedDescription(command.description)}`).join(" ");
  return `#compdef ${program}
# zsh completion for ${program}, written by "${program} completions zsh".
${name}() {
  local command at
  local -a specs
  for (( at = 2; at < CURRENT; at++ )); do
    case $words[at] in
      (${leading.join("|")}) ;;
      (-*) break ;;
      (*) command=$words[at]; words[at]=(); (( CURRENT-- )); break ;;
    esac
  done
  case $command in
    ('') specs=(
${specsOf({ ...fallback, files: 0 })}
      ${single(`1:command:((${list}))`)}
      ${single("2:store:_files")}
    ) ;;
${commands.map((command) => `    (${command.name}) specs=(\n${specsOf(command)}\n    ) ;;`).join("\n")}
    (*) return 1 ;;
  esac
  _arguments -S : $specs
}
# The program itself knows its runs: a name, a tab and what it is.
_memorygraph_migrate_runs() {
  [[ -z $1 || -n \${words[(r)$1]} ]] || return
  local -a runs
  runs=(\${\${\${(f)"$($words[1] runs --quiet 2>/dev/null)"}//:/\\\\:}/$'\\t'/:})
  _describe -V run runs
}
# Either found in $fpath and called, or read by "source".
if [[ $funcstack[1] == ${name} ]]; then ${name} "$@"; else compdef ${name} ${program}; fi
`;
}

function specsOf({ options, operands, files, runs }: CommandGrammar): string {
  const specs = options.map(specOf);
  for (let at = 1; at <= files; at++) specs.push(`${at}:store:_files`);
  if (operands.length > 0) specs.push(`1: :(${operands.join(" ")})`);
  // A space before the function: it is called with what stands behind its name, and nothing else.
  if (runs !== null) specs.push(`${operands.length > 0 ? 2 : 1}:run: _memorygraph_migrate_runs ${runs.after ?? ""}`);
  return specs.map((spec) => `      ${single(spec)}`).join("\n");
}

function specOf({ spelled, description, hint, value }: OptionGrammar): string {
  const explained = `[${description.replace(/[[\]\\:]/g, "\\$&")}]`;
  switch (value.kind) {
    case "none":
      return `${spelled}${explained}`;
    case "choice":
      return `${spelled}=${explained}:${hint}:(${value.choices.join(" ")})`;
    case "file":
      return `${spelled}=${explained}:${hint}:_files`;
    case "text":
      return `${spelled}=${explained}:${hint}: `;
  }
}

/** Inside `((name\:description ...))`, which zsh takes apart like a command line. */
function quotedDescription(text: string): string {
  return text.replace(/[^\w.]/g, "\\$&");
}

function single(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
