/** Runs around the whole test run (bunfig.toml): what was started or built for it ends with it. */
import { afterAll } from "bun:test";
import { removeBuilds } from "../release/builds.ts";
import { stopServers } from "./servers.ts";

afterAll(stopServers);
afterAll(removeBuilds);
