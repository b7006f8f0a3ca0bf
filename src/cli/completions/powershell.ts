/** The script for PowerShell, from 5.1 on. Where it finds nothing, PowerShell itself goes on with file names. */
import { type CommandGrammar, type Grammar, optionsOf } from "./grammar.ts";

export function powershellScript(grammar: Grammar): string {
  const { program, commands, fallback, leading } = grammar;
  const values = optionsOf(grammar).flatMap(({ spelled, value }) => {
    if (value.kind === "none") return [];
    const choices = value.kind === "choice" ? value.choices.map(single).join(", ") : "";
    return [`        ${single(spelled)} = @(${choices})`];
  });
  const names = commands.map(({ name, description }) => meaning(name, description));
  const known = [
    ...commands.map((command) => table(command.name, wordsOf(command))),
    table("", [...names, ...wordsOf(fallback)]),
  ];
  const runs = commands.flatMap(({ name, runs: own }) =>
    own === null ? [] : [`        ${single(name)} = ${single(own.after ?? name)}`],
  );
  return `# PowerShell completion for ${program}, written by "${program} completions powershell".
Register-ArgumentCompleter -Native -CommandName ${single(program)} -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    # What may follow an option; an empty list is for what PowerShell finds itself, such as files.
    $values = @{
${values.join("\n")}
    }
    # What may follow a command, with its meaning.
    $known = @{
${known.join("\n")}
    }
    # Behind which word a run may follow, by command.
    $runs = @{
${runs.join("\n")}
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
    $meanings = if ($values.ContainsKey($before)) { @{} } else { $known[$command] }
    $words = if ($values.ContainsKey($before)) { $values[$before] } else { $meanings.Keys }
    if ($meanings.Count -gt 0 -and $runs.ContainsKey($command) -and $typed -ccontains $runs[$command]) {
        # The program itself knows its runs: a name, a tab and what it is.
        $words = @($words)
        $program = $commandAst.CommandElements[0].Value
        foreach ($line in @(& $program runs --quiet 2>$null)) {
            $name, $about = $line -split "\`t", 2
            $meanings[$name] = $about
            $words += $name
        }
    }
    @($words) | Where-Object { $_ -and $_.StartsWith($end) -and $typed -cnotcontains $_ } | ForEach-Object {
        $meaning = if ($meanings.Contains($_)) { $meanings[$_] } else { $_ }
        [System.Management.Automation.CompletionResult]::new($start + $_, $_, 'ParameterValue', $meaning)
    }
}
`;
}

function wordsOf({ options, operands }: CommandGrammar): string[] {
  return [
    ...options.map(({ spelled, description }) => meaning(spelled, description)),
    ...operands.map((operand) => meaning(operand, operand)),
  ];
}

function meaning(word: string, description: string): string {
  return `            ${single(word)} = ${single(description)}`;
}

/** In the order of the help, which a plain table would not keep. */
function table(command: string, meanings: readonly string[]): string {
  return [`        ${single(command)} = [ordered]@{`, ...meanings, "        }"].join("\n");
}

function single(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
