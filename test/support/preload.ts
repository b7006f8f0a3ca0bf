/** Runs around the whole test run (bunfig.toml): what was started for it ends with it. */
import { afterAll } from "bun:test";
import { stopServers } from "./servers.ts";

afterAll(stopServers);
