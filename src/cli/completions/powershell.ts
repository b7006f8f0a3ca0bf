/** The script for PowerShell, from 5.1 on. Where it finds nothing, PowerShell itself goes on with file names. */
import { type CommandGrammar, type Grammar, optionsOf } from "./grammar.ts";

export function powershellScript(grammar: Grammar): string {
  const { program, commands, fallback, leading } = grammar;
  const values = optionsOf(grammar).flatMap(({ spelled, value }) => {
    if (value.kind === "none") return [];
    const choices = value.kind === "choice" ? value.choices.map(single).join(", ") : "";
    return [`        ${single(spelled)} = @(${choices})`];
  });
  const names = commands.map(({ name, description }) => entry(name, description));
  return `# PowerShell completion for ${program}, written by "${program} completions powershell".
Register-ArgumentCompleter -Native -CommandName ${single(program)} -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    # What may follow an option; an empty list is for what PowerShell finds itself, such as files.
    $values = @{
${values.join("\n")}
    }
    $known = @{
${[...commands.map((command) => knownOf(command.name, wordsOf(command))), knownOf("", [...names, ...wordsOf(fallback)])].join("\n")}
    }
    $typed = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        Select-Object -Skip 1 | ForEach-Object { $_.Extent.Text })
    $command = ''
    foreach ($word in $typed) {
        if (@(${leading.map(single).join(", ")}) -ccontains $word) { continue }
        if (-not $word.StartsWith('-')) { $command = $word }
        break
    }
    $before = if ($typed.Count -gt 0) { $typed[-1] } else { '' }
    $start = ''
    $end = "$wordToComplete"
    if ($end -match '^(--[^=]+)=(.*)$') { $before = $Matches[1]; $start = "$before="; $end = $Matches[2] }
    if ($values.ContainsKey($before)) {
        $found = $values[$before] | ForEach-Object { , @($_, $_) }
    } else {
        $found = $known[$command]
    }
    $found | Where-Object { $_ -and $_[0].StartsWith($end) -and $typed -cnotcontains $_[0] } | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($start + $_[0], $_[0], 'ParameterValue', $_[1])
    }
}
`;
}

function wordsOf({ options, operands }: CommandGrammar): string[] {
  return [
    ...options.map(({ spelled, description }) => entry(spelled, description)),
    ...operands.map((operand) => entry(operand, operand)),
  ];
}

/** A word and what it means. */
function entry(word: string, meaning: string): string {
  return `@(${single(word)}, ${single(meaning)})`;
}

function knownOf(command: string, entries: readonly string[]): string {
  return [`        ${single(command)} = @(`, ...entries.map((line) => `            ${line}`), "        )"].join("\n");
}

function single(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
