/** What the journal of a run says about it: plain data, checked when it is read again. No password is ever part of it. */
import { resolve } from "node:path";
import * as v from "valibot";
import { BackendConfig, BackendConfigSchema, withoutCredentials } from "../../backends/config.ts";
import { parseRun, RunHeaderSchema } from "../../journal/run-info.ts";
import { MigrationOptionsSchema } from "../models.ts";

const RunInfoSchema = v.object({
  ...RunHeaderSchema.entries,
  options: MigrationOptionsSchema,
  from: BackendConfigSchema,
  to: BackendConfigSchema,
});
export type RunInfo = v.InferOutput<typeof RunInfoSchema>;

/** @throws DamagedJournalError when it tells of no run; UsageError when this release does not understand it */
export function parseRunInfo(path: string, text: string | null): RunInfo {
  return parseRun(path, text, RunInfoSchema);
}

/** The store as it may be written down: whole paths, and of a login only the user's name. */
export function withoutSecrets({ type, ...fields }: BackendConfig): BackendConfig {
  const { path, uri, username, database, graph, caFile, certFile, keyFile } = fields;
  const user = username ?? userIn(uri);
  return new BackendConfig({
    type,
    ...(path !== undefined && { path: resolve(path) }),
    ...(uri !== undefined && { uri: withoutCredentials(uri) }),
    ...(user !== undefined && { username: user }),
    ...(database !== undefined && { database }),
    ...(graph !== undefined && { graph }),
    ...(caFile !== undefined && { caFile: resolve(caFile) }),
    ...(certFile !== undefined && { certFile: resolve(certFile) }),
    ...(keyFile !== undefined && { keyFile: resolve(keyFile) }),
  });
}

function userIn(uri: string | undefined): string | undefined {
  const [, user] = /\/\/([^/:@\s]+)(?::[^/@\s]*)?@/.exec(uri ?? "") ?? [];
  return user === undefined ? undefined : decodeURIComponent(user);
}
