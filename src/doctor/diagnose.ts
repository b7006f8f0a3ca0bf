/** Looks at everything that a person has of MemoryGraph, and says what brings it together. Changes nothing. */
import { FILE_BACKENDS } from "../backends/config.ts";
import type { RunEntry } from "../journal/registry.ts";
import { FOREIGN_MEMORIES } from "../memorygraph/memory.ts";
import type { Release } from "../memorygraph/releases.ts";
import type { KnownBackups } from "../operations/backup/known.ts";
import { chosenIn } from "../operations/backup/models.ts";
import { shellOf } from "../support/shell.ts";
import { adviceBeside, stepText } from "./advice.ts";
import type { Choice } from "./choose.ts";
import { commandsOf } from "./commands.ts";
import { type Survey, survey } from "./in-use.ts";
import { type Seen, shownStore } from "./look.ts";
import type { Machine } from "./machine.ts";
import type { Diagnosis, FoundStore } from "./models.ts";
import { type Plan, planFor } from "./plan.ts";

export interface DiagnoseOptions {
  /** The release that the person says they use. */
  readonly release?: Release | undefined;
  /** The runs of this program, by which it knows its own results. */
  readonly runs?: readonly RunEntry[] | undefined;
  /** What this machine remembers of backups. */
  readonly backups?: KnownBackups | undefined;
  readonly onProgress?: ((records: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The document, and what carries it out. */
export interface Examination {
  readonly diagnosis: Diagnosis;
  readonly choice: Choice;
  readonly plan: Plan;
}

/** @throws MigrateError only for what ends the whole examination, such as a signal */
export async function examine(machine: Machine, options: DiagnoseOptions = {}): Promise<Examination> {
  const { release = null, runs = [], onProgress, signal } = options;
  const { choice, clients, installed, seen, searched } = await survey(machine, release, signal);
  let records = 0;
  const each = (more: number) => {
    records += more;
    onProgress?.(records);
  };
  const plan = await planFor(choice, seen, each, signal);
  const diagnosis: Diagnosis = {
    ...document(machine, choice, plan, seen, runs, installed),
    backup: lastBackup(options.backups, choice),
    problems: [...clients.problems],
    searched: [...searched],
  };
  return { diagnosis, choice, plan };
}

function document(
  machine: Machine,
  choice: Choice,
  plan: Plan,
  seen: readonly Seen[],
  runs: readonly RunEntry[],
  installed: Survey["installed"],
): Omit<Diagnosis, "problems" | "searched" | "backup"> {
  const stores = seen.map((one) => withReading(shownStore(one), one, choice, plan, runs));
  const steps = plan.steps.map((step) => ({
    text: stepText(step, choice),
    commands: commandsOf(step, choice, shellOf(machine.env, machine.platform)),
    memoriesAfter: step.memoriesAfter,
  }));
  const current = plan.readings.get(choice.location);
  const beside = adviceBeside(choice, plan, seen, machine);
  return {
    well: steps.length === 0 && beside.every(({ pressing }) => !pressing),
    current: {
      backend: choice.config?.type ?? null,
      location: choice.location,
      reason: choice.reason,
      release: choice.release,
      releaseReason: choice.releaseReason,
      memories: plan.memoriesNow,
      notShown: current?.standing === "current" ? (current.change?.notShown ?? 0) : 0,
    },
    installed: [...installed],
    clients: choice.openings.map(({ setup: { client, file, name, project }, release, config, location }) => ({
      ...{ client: client.title, file, name, project, release, backend: config?.type ?? null, location },
    })),
    stores,
    plan: steps,
    advice: [
      ...steps.flatMap(({ text, commands }) =>
        commands.map((command, at) => ({ text: at === 0 ? text : "and then:", command })),
      ),
      ...beside.map(({ text, command }) => ({ text, command })),
    ],
  };
}

function lastBackup(backups: KnownBackups | undefined, { location, config }: Choice): Diagnosis["backup"] {
  const [last] = backups?.of({ location, ...chosenIn(config ?? {}) }) ?? [];
  if (backups === undefined || last === undefined) return null;
  const { place, name, created, checked, digest } = last;
  return { place, name, created, checked, proven: backups.provenAt(digest) };
}

function withReading(
  store: FoundStore,
  { description }: Seen,
  choice: Choice,
  plan: Plan,
  runs: readonly RunEntry[],
): FoundStore {
  const reading = plan.readings.get(store.location);
  const made = runs.find(({ target, state }) => target === store.location && state === "done");
  const notes = [...store.notes];
  if (made !== undefined) notes.push(`run ${made.id} of this program wrote it, from ${made.source}`);
  if (reading === undefined) return { ...store, notes };
  if (reading.failure !== null) {
    return { ...store, notes: [...notes, reading.failure.message], standing: "unread", memories: null };
  }
  const { standing, memories, change } = reading;
  if (change !== null && change.undecided > 0 && standing !== "current") {
    notes.push(`records with other content and the same time as in the current store: ${change.undecided}`);
  }
  if (change !== null && change.foreign > 0) notes.push(`${FOREIGN_MEMORIES} (${change.foreign})`);
  if (
    standing === "apart" &&
    description !== null &&
    description.nodes > 0 &&
    !description.readableBy.includes(choice.release) &&
    isFile(store)
  ) {
    notes.push(`MemoryGraph ${choice.release} does not show what it holds`);
  }
  return { ...store, notes, standing, memories };
}

function isFile({ backend }: FoundStore): boolean {
  return backend !== null && FILE_BACKENDS.has(backend);
}
