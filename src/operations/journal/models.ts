/** What the journal of a run says about it: plain data, checked when it is read again. No password is ever part of it. */
import { resolve } from "node:path";
import * as v from "valibot";
import { BackendConfig, BackendConfigSchema, withoutCredentials } from "../../backends/config.ts";
import { damagedJournal } from "../../backends/undoing.ts";
import { UsageError } from "../../errors.ts";
import { MigrationOptionsSchema } from "../models.ts";

/**
 * `started`: nothing has been written. `committing`: all is written, and being put in place. The last four are final:
 * `kept` is a failed run whose target was left for inspection, `lost` one whose journal is gone.
 */
export const RUN_STATES = [
  "started",
  "writing",
  "verifying",
  "committing",
  "rolling back",
  "done",
  "rolled back",
  "kept",
  "lost",
] as const;
export type RunState = (typeof RUN_STATES)[number];

const FINAL_STATES = ["done", "rolled back", "kept", "lost"] as const satisfies readonly RunState[];

export function isFinal(state: RunState): state is (typeof FINAL_STATES)[number] {
  return FINAL_STATES.some((final) => final === state);
}

export const ProcessSchema = v.object({ pid: v.number(), host: v.string(), start: v.string() });

/** The facts by which a run gets into a new list, where the list was lost. */
export const LISTED = "listed";
export const IDENTITY = "target identity";
const ListedSchema = v.object({ source: v.string(), target: v.string(), owner: ProcessSchema });
export type Listed = v.InferOutput<typeof ListedSchema>;

/** Null where the journal tells too little of it. */
export function parseListed(text: string | null): Listed | null {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), ListedSchema), text);
  return parsed.success ? parsed.output : null;
}

const RunInfoSchema = v.object({
  /** Of what stands here; a later release can tell what it does not know. */
  format: v.literal(1),
  id: v.string(),
  started: v.string(),
  /** The release of this program that began it. */
  program: v.string(),
  options: MigrationOptionsSchema,
  from: BackendConfigSchema,
  to: BackendConfigSchema,
});
export type RunInfo = v.InferOutput<typeof RunInfoSchema>;

/** @throws StoreKindError when it tells of no run; UsageError when this release does not understand it */
export function parseRunInfo(path: string, text: string | null): RunInfo {
  if (text === null) throw damagedJournal(path);
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), RunInfoSchema), text);
  if (parsed.success) return parsed.output;
  throw new UsageError(`${path} is not the journal of a run that this release understands`, {
    next: "Use the release of memorygraph-migrate that began the run, or a newer one.",
  });
}

export function parseState(text: string | null): RunState {
  return RUN_STATES.find((state) => state === text) ?? "started";
}

/** The store as it may be written down: whole paths, and of a login only the user's name. */
export function withoutSecrets({ type, ...fields }: BackendConfig): BackendConfig {
  const { path, uri, username, database, graph, caFile } = fields;
  const user = username ?? userIn(uri);
  return new BackendConfig({
    type,
    ...(path !== undefined && { path: resolve(path) }),
    ...(uri !== undefined && { uri: withoutCredentials(uri) }),
    ...(user !== undefined && { username: user }),
    ...(database !== undefined && { database }),
    ...(graph !== undefined && { graph }),
    ...(caFile !== undefined && { caFile: resolve(caFile) }),
  });
}

function userIn(uri: string | undefined): string | undefined {
  const [, user] = /\/\/([^/:@\s]+)(?::[^/@\s]*)?@/.exec(uri ?? "") ?? [];
  return user === undefined ? undefined : decodeURIComponent(user);
}
