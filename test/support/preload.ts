/** Runs around the whole test run (bunfig.toml): what was started or built for it ends with it. */
import { afterAll } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeBuilds } from "../release/builds.ts";
import { removeFolders } from "./folder.ts";
import { stopServers } from "./servers.ts";

// What the library remembers of the tests' runs is nobody's.
const state = mkdtempSync(join(tmpdir(), "memorygraph-state-"));
Bun.env.XDG_STATE_HOME = state;
afterAll(() => rmSync(state, { recursive: true, force: true }));
afterAll(stopServers);
afterAll(removeBuilds);
afterAll(removeFolders);
