/** `inspect` and `migrate` without a source take the store that doctor says is in use. */
import { describe, expect, test } from "bun:test";
import { document } from "../cli/program.ts";
import { Home, IN_USE, LITE } from "./home.ts";

/** Which store `inspect` shows, or with which message it ends. */
async function inspected(home: Home, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await home.run(["inspect", "--json", ...args]);
  if (stdout !== "") return (document(stdout) as { store: { location: string } }).store.location;
  return (document(stderr) as { message: string }).message;
}

describe("without a source", () => {
  test("it is the store of the release that is installed", async () => {
    using home = new Home();
    home.sqlite("0.12.4", ...IN_USE).npm("0.13.0");
    await home.liteDirectory(...LITE);
    expect(await inspected(home)).toBe(home.path(...LITE));
    const { current } = await home.diagnosis();
    expect(current.location).toBe(home.path(...LITE));
  });

  test("it is the store that a client opens", async () => {
    using home = new Home();
    home.sqlite("0.12.4", ...IN_USE).sqlite("0.8.3", "elsewhere", "mine.db");
    const path = home.path("elsewhere", "mine.db");
    home.claudeCode({ command: "uvx", args: ["memorygraphMCP==0.12.4"], env: { MEMORY_SQLITE_PATH: path } });
    expect(await inspected(home)).toBe(path);
    const { stdout, stderr } = await home.run(["--dry-run", "--json", "--to-path", home.path("new.db")]);
    expect(stderr).toBe("");
    expect(document(stdout)).toMatchObject({ source: { before: { location: path } } });
  });

  test("variables of the shell win over that, and so does a kind that was named", async () => {
    using home = new Home();
    home
      .sqlite("0.12.4", ...IN_USE)
      .sqlite("0.8.3", "elsewhere", "mine.db")
      .npm("0.13.0");
    await home.liteDirectory(...LITE);
    expect(await inspected(home, "--from", "sqlite")).toBe(home.path(...IN_USE));
    home.env.MEMORY_SQLITE_PATH = home.path("elsewhere", "mine.db");
    home.env.MEMORY_BACKEND = "sqlite";
    expect(await inspected(home)).toBe(home.path("elsewhere", "mine.db"));
  });

  test("it is the store that is there, where nothing is in the one that the release opens", async () => {
    using home = new Home();
    home.sqlite("0.12.4", ...IN_USE).npm("0.13.0");
    expect(await inspected(home)).toBe(home.path(...IN_USE));
  });

  test("one in the volume of a container is named, with the way to look for others", async () => {
    using home = new Home();
    home.claudeCode({ command: "docker", args: ["run", "-v", "memories:/root/.memorygraph", "memorygraph:0.12.4"] });
    expect(await inspected(home)).toContain("in the docker volume memories");
  });
});
