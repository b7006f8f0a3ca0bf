// @level normal
/** The servers of the tests themselves: with those that start in a moment, and a docker that only writes down. */
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { ServerProcess } from "../../scripts/engines/process.ts";
import { temporaryFolder } from "../support/folder.ts";
import { serversOf } from "../support/servers.ts";

const root = resolve(import.meta.dir, "../..");
const available = (await serversOf("falkordb")).length > 0;
const run = `scripts-${process.pid}`;

afterAll(() => servers("stop"));

function servers(...words: string[]) {
  return withEnvironment({}, ...words);
}

function withEnvironment(change: Record<string, string | undefined>, ...words: string[]) {
  const inherited = Object.entries(Bun.env).filter(([name]) => !/^(NEO4J|MEMGRAPH|FALKORDB)/.test(name));
  const env = { ...Object.fromEntries(inherited), SERVERS_RUN: run, ...change };
  const { stdout, stderr, exitCode } = Bun.spawnSync([resolve(root, "scripts/servers"), ...words], { env });
  return { out: stdout.toString(), err: stderr.toString(), exitCode };
}

test("a FalkorDB in docker is ready when it says PONG, not when it answers with an error", () => {
  const text = readFileSync(resolve(root, "scripts/servers.compose.yaml"), "utf8");
  const { healthcheck } = (Bun.YAML.parse(text) as Record<string, { healthcheck: { test: string[] } }>)["x-falkordb"]!;
  const [how, line] = healthcheck.test;
  expect(how).toBe("CMD-SHELL");
  // redis-cli ends with 0 for both; compose writes a dollar twice.
  const said = (answer: string) => {
    const asked = line!.replaceAll("$$", "$").replace("redis-cli", "fake");
    const script = `fake() { echo '${answer}'; }\n${asked}`;
    return Bun.spawnSync(["sh", "-c", script]).exitCode;
  };
  expect(said("PONG")).toBe(0);
  for (const answer of ["LOADING Redis is loading the dataset in memory", "NOAUTH Authentication required."]) {
    expect(said(answer)).not.toBe(0);
  }
});

const note = resolve(root, `.lab/servers/${run}/falkordb.json`);

function processes(): ServerProcess[] {
  return JSON.parse(readFileSync(note, "utf8")).processes;
}

/** What has ended may stay on the list of processes until somebody asks how: then it has no command line. */
function isRunning(pid: number): boolean {
  if (existsSync(`/proc/${pid}`)) return readFileSync(`/proc/${pid}/cmdline`, "utf8") !== "";
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A command that is found before the real one. */
function fakeDocker(folder: { file(name: string): string; path: string }, script: string): Record<string, string> {
  writeFileSync(folder.file("docker"), `#!/bin/sh\necho "$*" >>'${folder.file("calls")}'\n${script}\n`);
  chmodSync(folder.file("docker"), 0o755);
  return { PATH: `${folder.path}:${Bun.env.PATH}` };
}

describe.skipIf(!available)("scripts/servers", () => {
  test("starts once, tells the same again, and leaves nothing", () => {
    const first = servers("start", "falkordb");
    expect(first.err).toBe("");
    expect(first.out).toMatch(
      /^FALKORDB_TEST_URI=redis:\/\/127\.0\.0\.1:\d+\nFALKORDB_TEST_PASSWORD=\S+\nFALKORDB2_TEST_URI=redis:\/\/127\.0\.0\.1:\d+\n$/,
    );
    expect(servers("start", "falkordb").out).toBe(first.out);
    expect(servers("status").out.split("\n").sort()).toEqual(first.out.split("\n").sort());
    const begun = processes();
    expect(servers("stop").exitCode).toBe(0);
    for (const { pid, folder } of begun) expect([isRunning(pid), existsSync(folder)]).toEqual([false, false]);
    expect(existsSync(resolve(root, ".lab/servers", run))).toBe(false);
    expect(servers("status").out).toBe("");
  });

  test("starts anew what has died, and does not end a stranger that got its number", () => {
    const first = servers("start", "falkordb");
    const [one, other] = processes();
    process.kill(one!.pid, "SIGKILL");
    const known = JSON.parse(readFileSync(note, "utf8"));
    writeFileSync(note, JSON.stringify({ ...known, processes: [{ ...one, pid: process.pid }, other] }));
    const second = servers("start", "falkordb");
    expect(second.exitCode).toBe(0);
    expect(second.out).not.toBe(first.out);
    expect(processes().map(({ pid }) => pid)).not.toContain(process.pid);
    servers("stop");
  });

  test("a docker command without an engine is no docker", () => {
    using folder = temporaryFolder();
    const { out } = withEnvironment(fakeDocker(folder, "exit 1"), "start", "falkordb");
    expect(out).toContain("FALKORDB_TEST_URI=");
    expect(processes()[0]!.pid).toBeGreaterThan(0);
    servers("stop");
  });

  test("where docker cannot start them, the registries are asked", () => {
    using folder = temporaryFolder();
    const path = fakeDocker(folder, 'case "$*" in *" up "*) echo "no such image" >&2; exit 1 ;; esac');
    const { out, err } = withEnvironment(path, "start", "falkordb");
    expect(err).toContain("no such image");
    expect(out).toContain("FALKORDB_TEST_URI=");
    servers("stop");
  });
});

test("docker is asked for two of a kind, and to take them away", async () => {
  using folder = temporaryFolder();
  using answering = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket) => void socket.write("+PONG\r\n") },
  });
  const path = fakeDocker(folder, `case "$*" in *" port "*) echo 127.0.0.1:${answering.port} ;; esac`);
  const env = { ...Bun.env, ...path, SERVERS_RUN: run };
  const started = Bun.spawn([resolve(root, "scripts/servers"), "start", "falkordb"], { env, stdout: "pipe" });
  expect(await started.stdout.text()).toContain(`FALKORDB2_TEST_URI=redis://127.0.0.1:${answering.port}\n`);
  withEnvironment(path, "stop");
  const calls = readFileSync(folder.file("calls"), "utf8");
  expect(calls).toMatch(/ up --detach .*--wait .*falkordb-1 falkordb-2\n/);
  expect(calls).toMatch(/ down --volumes/);
});

test("servers that the environment names are told, not started", () => {
  const { out, exitCode } = withEnvironment({ MEMGRAPH_TEST_URI: "bolt://127.0.0.1:1" }, "start", "memgraph");
  expect([out, exitCode]).toEqual(["MEMGRAPH_TEST_URI=bolt://127.0.0.1:1\n", 0]);
});

test("the application's own variables name somebody's memories, not servers for tests", () => {
  using folder = temporaryFolder();
  const path = { ...fakeDocker(folder, "exit 1"), PATH: `${folder.path}:/usr/bin:/bin` };
  const named = { MEMORY_MEMGRAPH_URI: "bolt://127.0.0.1:1" };
  const { out, err, exitCode } = withEnvironment({ ...path, ...named }, "start", "memgraph");
  expect([out, exitCode]).toEqual(["", 1]);
  expect(err).toStartWith("no memgraph: ");
  // The line and the document name one variable, which is the one that is read.
  const [, variable] = /; (\w+) lends an empty one/.exec(err)!;
  expect(readFileSync(resolve(root, "CONTRIBUTING.md"), "utf8")).toContain(`\`${variable}\` lends an empty Memgraph`);
  expect(readFileSync(resolve(root, "scripts/engines/lent.ts"), "utf8")).toContain(
    `an empty Memgraph also by ${variable}`,
  );
});
