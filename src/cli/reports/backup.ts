/** Backups, the list of them and their proofs, as a person reads it. */
import type {
  BackupList,
  BackupResult,
  DrillResult,
  ListedBackup,
  ProofResult,
} from "../../operations/backup/models.ts";
import { counted } from "../../support/count.ts";
import { shellQuote } from "../../support/shell.ts";
import type { Colour } from "../colour.ts";
import { PROGRAM } from "../commands.ts";
import { printable } from "../printable.ts";
import { bytes, elapsed, table } from "../text.ts";

export function backupHeadline({ outcome, store, place, name, removed, count }: BackupResult): string {
  const of = printable(storeName(store));
  const gone =
    removed.length === 0
      ? ""
      : `; ${outcome === "planned" ? "would remove" : "removed"} ${counted(removed.length, "older one")}`;
  if (outcome === "planned") {
    const plan =
      name === null
        ? `Would back up ${of} into ${printable(place)}`
        : `Would make no new backup of ${of}, which is as the last one has it`;
    return `${plan}${gone}; nothing was written.`;
  }
  if (outcome === "unchanged") {
    return `Nothing has changed in ${of} since the last backup, ${name}: no new one was made${gone}.`;
  }
  const held =
    count === null
      ? ""
      : `${counted(count.memories, "memory", "memories")} and ${counted(count.relationships, "relationship")}`;
  return `Backed up ${of}: ${held}, read back and proven${gone}.`;
}

export function backupReport(result: BackupResult, colour: Colour): string {
  const { outcome, place, name, bytes: size, digest, encrypted, kept, removed, losses, recovered } = result;
  const headline = outcome === "planned" ? colour.bold : colour.green;
  const what = name === null ? [] : [["archive", printable(name)] as const];
  const rows = [
    [place.startsWith("s3:") || name !== null || outcome === "planned" ? "in" : "archive", printable(place)] as const,
    ...what,
    ...(size === null ? [] : [["size", `${bytes(size)}${encrypted ? ", encrypted" : ""}`] as const]),
    ...(digest === null ? [] : [["digest", digest] as const]),
  ];
  const proof = outcome === "planned" || name === null ? [] : ["", ...nextStep(place, encrypted)];
  return [
    headline(backupHeadline(result)),
    "",
    ...rows.map(([title, value]) => `  ${title.padEnd(8)} ${value}`),
    ...recovered.map((step) => `  ${printable(step)}`),
    ...losses.map(({ what: lost, count }) => `  not copied: ${printable(lost)} (${count})`),
    ...removed.map(({ name: one }) => `  ${outcome === "planned" ? "would remove" : "removed"}  ${printable(one)}`),
    ...kept.map(
      ({ name: one, by }) =>
        `  ${outcome === "planned" ? "would keep" : "kept"}  ${printable(one)}${by.length > 0 ? ` (${by.join(", ")})` : ""}`,
    ),
    ...proof,
  ].join("\n");
}

function nextStep(place: string, encrypted: boolean | null): string[] {
  const command = `${PROGRAM} verify --restore ${shellQuote(place)}`;
  // Whether it is for a recipient or a passphrase is not known any more.
  const key = "  For a recipient, add --from-identity FILE with the secret key; a passphrase is asked for.";
  return [`To try that it can be restored: ${command}`, ...(encrypted ? [key] : [])];
}

/** @param named the place as it was typed, if it was */
export function backupsReport({ place, backups }: BackupList, named: string | undefined, colour: Colour): string {
  if (backups.length === 0) {
    const operands = named === undefined ? "" : ` STORE ${shellQuote(named)}`;
    return `No backup is in ${printable(place)}. This makes one: ${PROGRAM} backup${operands}`;
  }
  const stores = Map.groupBy(backups, ({ store }) => (store === null ? "" : storeName(store)));
  const blocks = [...stores].flatMap(([store, own]) => [
    "",
    colour.bold(store === "" ? "Of a store that nothing tells of" : `Of ${printable(store)}`),
    ...table([
      ["  archive", "age", "size", "memories", "relationships", "digest", "last proof"],
      ...own.map((one) => [
        `  ${one.name}${one.state === "whole" ? "" : ` (${one.state})`}`,
        age(one.ageSeconds),
        bytes(one.bytes),
        one.memories ?? "?",
        one.relationships ?? "?",
        shortDigest(one.digest),
        one.proven === null ? "never" : one.proven.slice(0, 10),
      ]),
    ]),
  ]);
  return [
    `${counted(backups.length, "backup")} in ${printable(place)}`,
    ...blocks,
    ...proofAdvice(place, backups),
  ].join("\n");
}

function proofAdvice(place: string, backups: readonly ListedBackup[]): string[] {
  if (backups.some(({ proven }) => proven !== null)) return [];
  return [
    "",
    `None of them was ever tried. This restores the newest into a throw-away store: ${PROGRAM} verify --restore ${shellQuote(place)}`,
  ];
}

/** With what was chosen beside its address. */
function storeName({ location, database, graph }: NonNullable<ListedBackup["store"]>): string {
  const chosen = [database !== undefined && `database ${database}`, graph !== undefined && `graph ${graph}`];
  const told = chosen.filter((one) => one !== false).join(", ");
  return told === "" ? location : `${location} (${told})`;
}

/** For other programs: one line each, the name first. */
export function backupsLines({ backups }: BackupList): string {
  return backups.map(({ name, state, created, digest }) => `${name}\t${state}\t${created}\t${digest ?? ""}\n`).join("");
}

/** The end of the line is what tells digests apart. */
function shortDigest(digest: string | null): string {
  return digest === null ? "?" : `…${digest.slice(-12)}`;
}

/** `5 min`, `3 h`, `12 days`. */
export function age(seconds: number): string {
  const [size, unit] = seconds < 3_600 ? [60, "min"] : seconds < 172_800 ? [3_600, "h"] : [86_400, "days"];
  return `${Math.floor(seconds / Number(size))} ${unit}`;
}

export function drillHeadline({ proofs, success }: DrillResult): string {
  if (proofs.length === 0) return "There was no archive to try.";
  const proven = proofs.filter((proof) => proof.proven).length;
  if (success)
    return `Proven: ${counted(proven, "archive")} restored into a throw-away store and read back, every record equal.`;
  return `Not proven: ${proofs.length - proven} of ${counted(proofs.length, "archive")}.`;
}

export function drillReport(result: DrillResult, colour: Colour): string {
  const headline = (result.success ? colour.green : colour.red)(drillHeadline(result));
  return [headline, ...result.proofs.flatMap((proof) => ["", ...proofLines(proof)])].join("\n");
}

const SOURCES: Record<ProofResult["source"], string> = {
  same: "holds exactly this now",
  changed: "has changed since",
  unreachable: "was not compared",
};

function proofLines(proof: ProofResult): string[] {
  const { location, proven, digest, count, source, notCompared, error, durationSeconds } = proof;
  const lines = [`  ${printable(location)}`];
  if (error !== null) lines.push(`    ${printable(error.message)}`, `    next: ${printable(error.next)}`);
  if (!proven || count === null) return lines;
  lines.push(
    `    ${counted(count.memories, "memory", "memories")}, ${counted(count.relationships, "relationship")} in ${elapsed(durationSeconds)}`,
  );
  const why = notCompared === null ? "" : `: ${printable(notCompared)}`;
  return [...lines, `    digest ${digest}`, `    the store that it is of ${SOURCES[source]}${why}`];
}
