/** The pages of the commands: what each result document says, as a person keeps it. */
import { resolve } from "node:path";
import { BackendConfig } from "../../backends/config.ts";
import { storeWords } from "../../doctor/commands.ts";
import type { ComparisonResult, InspectionResult, MigrationResult } from "../../operations/models.ts";
import type { RollbackResult } from "../../operations/run-models.ts";
import { thousands } from "../../support/count.ts";
import { shellQuote } from "../../support/shell.ts";
import { PROGRAM } from "../commands.ts";
import { migrationHeadline } from "../reports/migrate.ts";
import { comparisonHeadline } from "../reports/verify.ts";
import { storeKind, tallyRows } from "../text.ts";
import type { Page } from "./page.ts";

type Contents = InspectionResult | null;

export function migrationPage(
  result: MigrationResult,
  from: BackendConfig,
  to: BackendConfig,
  contents: Contents,
): Page {
  const { source, target, release, releaseReason, onConflict, run, dryRun, verification, verified } = result;
  const { imported, present, skipped, overwritten, conflicts, conflicting, losses, notes, notShown } = result;
  const names = dryRun
    ? ["to create", "already there", "to keep", "to overwrite"]
    : ["copied", "already there", "kept", "overwritten"];
  const proof: [string, string][] = [];
  if (verification !== null) {
    const { recordsPassed, recordsChecked, sourceDigest, targetDigest, wholeTargetDigest, untouched } = verification;
    proof.push([
      "read back",
      `${thousands(recordsPassed)} of ${thousands(recordsChecked)} records are as they should be`,
    ]);
    if (untouched !== null && untouched.records > 0)
      proof.push(["left alone", `${thousands(untouched.records)} other records, same digest before and after`]);
    // In a merge two people have to know which line is of what.
    if (untouched === null) proof.push(["source digest", sourceDigest], ["target digest", targetDigest]);
    else {
      proof.push(["digest of what was selected", sourceDigest]);
      if (targetDigest !== sourceDigest) proof.push(["the same in the target", targetDigest]);
      proof.push(["digest of the whole target", wholeTargetDigest]);
    }
  }
  const both = bothStores(from, to);
  return {
    title: migrationHeadline(result),
    good: dryRun ? result.success && conflicts.count === 0 : result.complete && verified,
    made: new Date(),
    facts: [
      ...(source === null ? [] : [["from", `${source.before.location} (${storeKind(source.before)})`] as const]),
      ...(target === null ? [] : [["to", `${target.before.location} (${storeKind(target.before)})`] as const]),
      ["written for", `MemoryGraph ${release}, ${releaseReason}`],
      ["conflicts", `--on-conflict ${onConflict}`],
      ...(run === null ? [] : [["run", run] as const]),
      ["took", `${result.durationSeconds.toFixed(2)} s`],
    ],
    counts: tallyRows([imported, present, skipped, overwritten].map((count, at) => [names[at]!, count] as const)),
    proof,
    contents,
    sections: [
      { title: "Errors", lines: result.errors.map(({ message, next }) => `${message}. ${next}`) },
      { title: "Lost", findings: losses },
      { title: `Memories that MemoryGraph ${release} will not show`, findings: notShown.reasons },
      {
        title: "Kept in the target, with other content than the source",
        differences: conflicting,
        total: conflicts.count,
      },
      { title: "Warnings", lines: result.validation.warnings.filter((warning) => !warning.startsWith("source: ")) },
      { title: "Notes", findings: notes },
    ],
    commands: dryRun
      ? []
      : [
          ["Compare the two stores again:", command(["verify", ...both])],
          ...(run === null ? [] : [["Undo this run, now or later:", command(["rollback", run])] as const]),
        ],
  };
}

export function comparisonPage(
  result: ComparisonResult,
  from: BackendConfig,
  to: BackendConfig,
  contents: Contents,
): Page {
  const { source, target, identical, missing, extra, changed, differences, fields, notCompared, notes } = result;
  return {
    title: comparisonHeadline(result),
    good: identical,
    made: new Date(),
    facts: [
      ["source", `${source.store.location} (${storeKind(source.store)})`],
      ["target", `${target.store.location} (${storeKind(target.store)})`],
      ...notCompared.map((what) => ["not compared", what] as const),
    ],
    counts: tallyRows([
      ["source", source.count],
      ["target", target.count],
    ]),
    proof: [
      ["source digest", source.digest],
      ["target digest", target.digest],
    ],
    contents,
    sections: [
      {
        title: "Fields that differ",
        lines: Object.entries(fields).map(([name, count]) => `${name}: ${thousands(count)}`),
      },
      { title: "Differences", differences, total: missing + extra + changed },
      { title: "Notes", findings: notes },
    ],
    commands: [["Compare them again:", command(["verify", ...bothStores(from, to)])]],
  };
}

export function rollbackPage(result: RollbackResult, headline: string, to: BackendConfig, contents: Contents): Page {
  const { run, runs, target, counts, kept, digestBefore, digestAfter, exact } = result;
  const { removed, restored } = counts;
  return {
    title: headline,
    good: exact,
    made: new Date(),
    facts: [
      ["target", target],
      ["runs", runs.length === 0 ? run : runs.join(", ")],
    ],
    counts: [
      ["", "nodes", "relationships"],
      ["deleted", removed.nodes, removed.relationships],
      ["restored", restored.nodes, restored.relationships],
    ],
    proof: [...(digestBefore === null ? [] : [["before the run", digestBefore] as const]), ["now", digestAfter]],
    contents,
    sections: [
      {
        title: "Left as they are, since somebody changed them or attached something to them",
        lines: kept.map(({ record, title, heldBy }) =>
          [record, title, heldBy === null ? "changed since" : `held by ${heldBy}`]
            .filter((part) => part !== null)
            .join(", "),
        ),
      },
    ],
    commands: [["Look at the target:", command(["inspect", ...storeWords("from", whole(to))])]],
  };
}

function bothStores(from: BackendConfig, to: BackendConfig): string[] {
  return [...storeWords("from", whole(from)), ...storeWords("to", whole(to))];
}

/** A page is read in another folder than the one in which it was made. */
function whole(config: BackendConfig): BackendConfig {
  return config.path === undefined ? config : new BackendConfig({ ...config, path: resolve(config.path) });
}

function command(words: readonly string[]): string {
  return [PROGRAM, ...words].map(shellQuote).join(" ");
}
