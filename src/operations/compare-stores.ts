/** `verify`: two stores, opened and compared. */
import type { OpenOptions, SourceStore } from "../backends/backend.ts";
import type { BackendConfig } from "../backends/config.ts";
import type { Finding } from "../backends/description.ts";
import { loadBackend } from "../backends/registry.ts";
import { DamagedStoreError, RereadError } from "../errors.ts";
import { compareStores, type Readable, type ShownDifferences } from "./compare.ts";
import type { ComparisonResult, OnProgress } from "./models.ts";
import { finding, statistics } from "./reported.ts";
import { comparable } from "./shared-ids.ts";

/** @throws MigrateError when one of them cannot be opened, or not be read whole: then nothing can be proven. */
export async function compareConfigured(
  from: BackendConfig,
  to: BackendConfig,
  onProgress: OnProgress,
  signal?: AbortSignal,
  shown: ShownDifferences = {},
): Promise<ComparisonResult> {
  try {
    return await compareOnce(from, to, onProgress, { signal }, shown);
  } catch (error) {
    if (!(error instanceof RereadError)) throw error;
    return compareOnce(from, to, onProgress, { signal, isolate: true }, shown);
  }
}

async function compareOnce(
  from: BackendConfig,
  to: BackendConfig,
  onProgress: OnProgress,
  options: OpenOptions,
  shown: ShownDifferences,
): Promise<ComparisonResult> {
  const source = await (await loadBackend(from)).openForReading(from, options);
  try {
    const target = await (await loadBackend(to)).openForReading(to, { ...options, side: "to" });
    try {
      return await compareOpened(source, target, onProgress, shown);
    } catch (error) {
      // What could not be read as it is can perhaps be read in another way.
      if (error instanceof DamagedStoreError) for (const store of [source, target]) await store.assertUnchanged(true);
      throw error;
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function compareOpened(
  source: SourceStore,
  target: SourceStore,
  onProgress: OnProgress,
  shown: ShownDifferences,
): Promise<ComparisonResult> {
  const [a, b] = [await source.describe("links"), await target.describe("links")];
  const total = a.nodes + a.relationships + b.nodes + b.relationships;
  let done = 0;
  const each = (records: number) => {
    done += records;
    onProgress({ phase: "verify", done, total, unit: "records" });
  };
  const [left, right] = await comparable(source, target);
  const comparison = await compareStores(left as Readable, right as Readable, each, shown);
  for (const [store, { location, findings }] of [
    [source, a],
    [target, b],
  ] as const) {
    await store.assertUnchanged();
    assertReadable([...findings, ...store.findings()], location);
  }
  const { missing, extra, changed, fields, differences } = comparison;
  const side = (label: "source" | "target") => ({
    store: statistics(label === "source" ? a : b),
    count: { ...comparison[label].counts },
    digest: comparison[label].digest.toString(),
  });
  return {
    identical: missing + extra + changed === 0,
    source: side("source"),
    target: side("target"),
    missing,
    extra,
    changed,
    fields,
    differences: [...differences],
    notCompared: [...new Set([...(a.notCompared ?? []), ...(b.notCompared ?? [])])],
    notes: [...a.findings, ...source.findings(), ...b.findings, ...target.findings()].map(finding),
  };
}

function assertReadable(findings: readonly Finding[], location: string): void {
  const damage = findings.filter(({ kind }) => kind === "damage");
  if (damage.length === 0) return;
  throw new DamagedStoreError(`${location} holds records that cannot be read, so the comparison proves nothing`, {
    details: damage.flatMap(({ what, count, examples }) => [`${what}: ${count}`, ...examples.map((id) => `  ${id}`)]),
    next: "Look at it with `memorygraph-migrate inspect`.",
  });
}
