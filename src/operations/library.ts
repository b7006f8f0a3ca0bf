/** What the functions of the library may be told beside their stores, and the stores as callers give them. */
import { BackendConfig, type BackendConfigFields } from "../backends/config.ts";
import type { OnProgress } from "./models.ts";

/** Where the list of runs and the locks are; that of the command line where it is not named. */
export interface StateOptions {
  readonly stateDir?: string;
}

/** Of a run that is resumed or undone: what its journal never holds. */
export interface RunOptions extends StateOptions {
  readonly fromPassword?: string;
  readonly toPassword?: string;
  /** The target file, where it was moved since. */
  readonly toPath?: string;
  /** Called often; must not throw. */
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** What reading a store for a program takes beside its address. */
export interface ReadingOptions {
  /** Called often; must not throw. */
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

export function configOf(given: BackendConfigFields): BackendConfig {
  return given instanceof BackendConfig ? given : BackendConfig.from(given);
}

export function withPassword(config: BackendConfig, password: string | undefined): BackendConfig {
  return password === undefined ? config : new BackendConfig({ ...config, password });
}
