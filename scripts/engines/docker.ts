/** The servers of servers.compose.yaml, where there is an engine that runs them. */
import { join } from "node:path";
import type { Kind } from "../servers.ts";
import { run } from "./cache.ts";
import { wantedVersion } from "./versions.ts";

const FILE = join(import.meta.dir, "../servers.compose.yaml");

/** The command can be there without an engine behind it. */
export function hasDocker(): boolean {
  return run(["docker", "info"]).ok && run(["docker", "compose", "version"]).ok;
}

/** The addresses of both servers of a kind; null, with the reason on standard error, where docker cannot start them. */
export function composeUp(project: string, kind: Kind, password: string): string[] | null {
  const services = [`${kind}-1`, `${kind}-2`];
  const wait = ["--quiet-pull", "--wait", "--wait-timeout", "300"];
  const up = compose(project, ["up", "--detach", ...wait, ...services], password);
  if (!up.ok) {
    const logs = compose(project, ["logs", "--tail", "20"]).text;
    composeDown(project);
    process.stderr.write(`docker could not start ${kind}: ${up.error.slice(-1_000)}\n${logs}\n`);
    return null;
  }
  const inside = kind === "falkordb" ? "6379" : "7687";
  return services.map((service) => compose(project, ["port", service, inside]).text);
}

export function composeDown(project: string): void {
  compose(project, ["down", "--volumes", "--timeout", "2"]);
}

/** Do both servers of a kind run? */
export function composeRuns(project: string): boolean {
  return compose(project, ["ps", "--quiet", "--status", "running"]).text.split("\n").length === 2;
}

function compose(project: string, args: readonly string[], password = ""): ReturnType<typeof run> {
  const image = (kind: Kind) => wantedVersion(kind).image;
  return run(["docker", "compose", "--project-name", project, "--file", FILE, ...args], {
    TEST_PASSWORD: password,
    NEO4J_IMAGE: image("neo4j"),
    MEMGRAPH_IMAGE: image("memgraph"),
    FALKORDB_IMAGE: image("falkordb"),
  });
}
