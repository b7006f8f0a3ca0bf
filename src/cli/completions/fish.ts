/** The script for fish: one rule for each option, which applies where the command is the one that has it. */
import type { Grammar, OptionGrammar } from "./grammar.ts";

function runsCondition(on: string, name: string, after: string | null): string {
  return `${on} ${name}${after === null ? "" : `; and __fish_seen_subcommand_from ${after}`}`;
}

export function fishScript({ program, commands, fallback, leading }: Grammar): string {
  const on = `__${program.replaceAll("-", "_")}_on`;
  const list = `__${program.replaceAll("-", "_")}_runs`;
  const rule = `complete -c ${program}`;
  const lines = commands.flatMap(({ name, description, options, operands, files, runs }) => {
    const typed = name === fallback.name ? `'' ${name}` : name;
    const here = `${rule} -n ${single(`${on} ${typed}`)}`;
    return [
      `${rule} -n "${on} ''" -a ${name} -d ${single(description)}`,
      ...options.map((option) => `${here} ${switches(option)} -d ${single(option.description)}`),
      ...(files > 0 ? [`${here} -F`] : []),
      ...(operands.length > 0 ? [`${here} -a ${single(operands.join(" "))}`] : []),
      ...(runs === null
        ? []
        : [`${rule} -n ${single(runsCondition(on, name, runs.after))} -k -a ${single(`(${list})`)}`]),
    ];
  });
  return `# fish completion for ${program}, written by "${program} completions fish".
function ${on} --description 'Whether the command typed so far is one of these; none is the empty word'
    set -l words (commandline -opc)
    set -e words[1]
    for word in $words
        switch $word
            case ${leading.join(" ")}
                continue
            case '-*'
                break
            case '*'
                contains -- $word $argv
                return
        end
    end
    contains -- '' $argv
end
function ${list} --description 'The program itself knows its runs: a name, a tab and what it is'
    set -l words (commandline -opc)
    type -q $words[1]; and $words[1] runs --quiet 2>/dev/null
end
complete -c ${program} -f
${lines.join("\n")}
`;
}

function switches({ spelled, value }: OptionGrammar): string {
  const name = spelled.startsWith("--") ? `-l ${spelled.slice(2)}` : `-s ${spelled.slice(1)}`;
  switch (value.kind) {
    case "none":
      return name;
    case "choice":
      return `${name} -x -a ${single(value.choices.join(" "))}`;
    case "file":
      return `${name} -r -F`;
    case "text":
      return `${name} -x`;
  }
}

function single(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
