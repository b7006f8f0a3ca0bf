/** What must hold before anything is written, or put in place. */
import type { SourceStore, TargetBackend, TargetPreview, TargetSession } from "../backends/backend.ts";
import type { BackendConfig } from "../backends/config.ts";
import type { Finding, StoreDescription } from "../backends/description.ts";
import { DamagedStoreError, RefusedError, WriteError } from "../errors.ts";
import { counted, thousands } from "../support/count.ts";
import type { Outcome } from "./outcome.ts";

/** Up to this size the engine's own check costs less than a person notices; beyond it, reading every record has to do. */
const INTEGRITY_CHECK_BYTES = 16 << 20;

/** Describes a source as deep as its size allows: the engine's own check for small ones. */
export async function examine(source: SourceStore): Promise<StoreDescription> {
  const { bytes } = await source.describe("counts");
  return source.describe(bytes !== null && bytes <= INTEGRITY_CHECK_BYTES ? "integrity" : "links");
}

/** @throws DamagedStoreError when the store's own integrity check fails. */
export function assertSound({ findings, location }: StoreDescription, allowLoss: boolean): void {
  const damage = findings.filter(({ kind }) => kind === "damage");
  if (damage.length === 0 || allowLoss) return;
  throw new DamagedStoreError(`${location} is damaged`, {
    details: damage.flatMap(({ what, examples }) => examples.map((example) => `${what}: ${example}`)),
    next: "Keep the file as it is, and restore a backup; or take what can be read of it with --allow-loss.",
  });
}

/** How many other databases or graphs a message names. */
const NAMED = 10;

/**
 * A store that holds nothing is most likely not the one that was meant. Counts can be wrong in files of other engines, so
 * it is read as well.
 * @throws RefusedError saying what of the same place is not empty
 */
export async function assertNotEmpty(source: SourceStore, description: StoreDescription): Promise<void> {
  const { nodes, relationships, location, dump } = description;
  if (nodes + relationships > 0) return;
  for await (const batch of source.read()) if (batch.length > 0) return;
  if (source.findings().some(({ kind }) => kind === "damage")) return;
  const others =
    (await source.others?.()) ?? (dump?.graphs ?? []).map((name) => ({ name, nodes: null, option: "graph" }));
  const shown = others.slice(0, NAMED);
  const option = shown[0]?.option;
  throw new RefusedError(`${location} is empty: it is probably not the store that you meant`, {
    details: [
      ...shown.map(
        ({ name, nodes: count }) => `not empty: ${name}${count === null ? "" : ` (${counted(count, "node")})`}`,
      ),
      ...(others.length > shown.length ? [`and ${others.length - shown.length} more`] : []),
    ],
    next:
      option === undefined
        ? "Run `memorygraph-migrate doctor`, which finds the stores of this machine; or add --allow-empty to copy an empty store."
        : `Name the one that you meant, with --from-${option}; or add --allow-empty to copy an empty store.`,
  });
}

/**
 * What acts by itself in a target, such as a trigger, cannot be switched off from here: a person decides, in one question.
 * @param confirm left out where the caller has decided
 * @throws RefusedError for a no, and where nobody can be asked
 */
export async function assertAgreed(
  { findings, location }: StoreDescription,
  confirm: ((question: string) => Promise<void>) | undefined,
): Promise<void> {
  const acting = findings.filter(({ needsConsent }) => needsConsent);
  if (acting.length === 0 || confirm === undefined) return;
  const told = acting
    .map(({ what, examples }) => `${what}${examples.length === 0 ? "" : ` (${examples.join(", ")})`}`)
    .join("; ");
  await confirm(`In ${location}, ${told}. Go on all the same?`);
}

/**
 * Where something later than what is read stands beside a source, "verified" would be said of an old state: a person decides.
 * @param confirm left out where the caller has decided
 * @throws RefusedError for a no, and where nobody can be asked
 */
export async function assertLatest(
  { findings, location }: StoreDescription,
  confirm: ((question: string) => Promise<void>) | undefined,
): Promise<void> {
  const later = findings.filter(({ isLater }) => isLater);
  if (later.length === 0 || confirm === undefined) return;
  const told = later.map(({ what, examples }) => `${what} (${examples[0] ?? "unnamed"})`).join("; ");
  await confirm(`${location} may not be the latest state of this store: ${told}. Read it all the same?`);
}

/** What cannot be read cannot be proven unchanged either. @throws DamagedStoreError */
export function assertProvable(target: TargetSession | TargetPreview): void {
  const damage = target.findings().filter(({ kind }) => kind === "damage");
  if (damage.length === 0) return;
  throw new DamagedStoreError(
    `${target.before.location} holds records that cannot be read, so it cannot be verified that they stay unchanged`,
    {
      details: damage.flatMap(({ what, examples }) => examples.map((example) => `${what}: ${example}`)),
      next: "Migrate into a new file instead; or first migrate what can be read of the target into a new file, with --allow-loss.",
    },
  );
}

/** Losses found while reading: named in full, and refused unless they were allowed. */
export function assertNothingLost(findings: readonly Finding[], allowLoss: boolean, outcome: Outcome): void {
  outcome.read(findings);
  const lost = findings.filter(({ kind }) => kind !== "note");
  if (lost.length === 0 || allowLoss) return;
  const details = lost.flatMap(({ what, count, examples }) => [
    `${what}: ${thousands(count)}`,
    ...examples.map((example) => `  ${example}`),
    ...(count > examples.length ? [`  and ${thousands(count - examples.length)} more`] : []),
  ]);
  const explanation = {
    details,
    next: "To go on without them, repeat the command with --allow-loss.",
  };
  if (lost.some(({ kind }) => kind === "damage")) {
    throw new DamagedStoreError(`${amountOf(lost)} of the source cannot be read; all others can`, explanation);
  }
  const [records, parts] = [lost.filter(isRecord), lost.filter((finding) => !isRecord(finding))];
  const told = [
    ...(records.length > 0 ? [`${amountOf(records)} of the source would be left behind`] : []),
    ...(parts.length > 0 ? [`${amountOf(parts)} of the source cannot be kept unchanged`] : []),
  ];
  throw new RefusedError(told.join("; "), explanation);
}

function isRecord({ unit = "record" }: Finding): boolean {
  return unit === "record";
}

/** `1 property, 2 relationship types`. */
function amountOf(findings: readonly Finding[]): string {
  const amounts = new Map<string, number>();
  for (const { unit = "record", count } of findings) amounts.set(unit, (amounts.get(unit) ?? 0) + count);
  const plural = (unit: string) => (unit === "property" ? "properties" : `${unit}s`);
  return [...amounts].map(([unit, count]) => counted(count, unit, plural(unit))).join(", ");
}

/** Only what surely does not fit is refused here; the rest shows while writing, and is undone. */
export function assertRoom(backend: TargetBackend, to: BackendConfig, { bytes }: StoreDescription): void {
  const free = backend.freeBytes(to);
  if (free === null || bytes === null || free > bytes * 0.7) return;
  throw new WriteError(
    `no space left for ${backend.locate(to)}: about ${mebibytes(bytes)} needed, ${mebibytes(free)} free`,
    {
      next: "Free some space, or choose a target on another disk. Nothing was written.",
    },
  );
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
