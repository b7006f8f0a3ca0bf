/** The page that --report writes: whole, self-contained, and harmless whatever a store holds. In a real browser where there is one. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { html } from "../../src/cli/page/html.ts";
import { timeline } from "../../src/cli/page/plots.ts";
import { temporaryFolder } from "../support/folder.ts";
import { copyFixture } from "../support/stores.ts";
import { expectError, program } from "./program.ts";
import { edited } from "./stores.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const browser = ["chromium", "chromium-browser", "google-chrome"]
  .map((name) => Bun.which(name))
  .find((path) => path !== null);
if (browser === undefined) console.warn("SKIPPED: the report page in a browser, which is not installed");

/** Markup in a title is text, and stays what it was. */
const TITLE = "<b id=x>bold & 'quoted'</b>";
const old = copyFixture("0.12.4", folder, "old.db");
const changed = edited(folder, "changed.db", (store) => store.change("m-000001", { title: TITLE }));
const target = folder.file("target.db");
const page = (name: string) => readFileSync(folder.file(name), "utf8");
let run = "";

beforeAll(async () => {
  const first = await program(folder, [
    "--from-path",
    old,
    "--to",
    "sqlite",
    "--to-path",
    target,
    "--for",
    "0.13",
    "--report",
    "first.html",
  ]);
  expect(first).toMatchObject({ code: 0, stderr: "" });
  run = /rollback (\w+)/.exec(first.stdout)![1]!;
  await program(folder, ["--from-path", changed, "--to", "sqlite", "--to-path", target, "--report", "merge.html"]);
  await program(folder, [
    "verify",
    "--from-path",
    changed,
    "--to",
    "sqlite",
    "--to-path",
    target,
    "--report",
    "verify.html",
  ]);
});

describe("the page", () => {
  test("says what was done, proves it, and how to undo it", () => {
    const text = page("first.html");
    for (const part of [
      "Done: 60 nodes and 120 relationships written, verified",
      "180 of 180 records",
      run,
      "mg1-60-120-",
    ]) {
      expect(text).toContain(part);
    }
    for (const plot of ["Memories by the month", "Memories by type", "Relationships by type", "Nodes by label"]) {
      expect(text).toContain(`aria-label="${plot}`);
    }
    expect(text).toContain(`memorygraph-migrate rollback ${run}`);
    expect(text).toMatch(/memorygraph-migrate verify --from sqlite --from-path \S+old\.db --to sqlite/);
  });

  test.each(["first.html", "merge.html", "verify.html"])("%s loads nothing and runs nothing", (name) => {
    const text = page(name);
    expect(text).toContain("default-src &#39;none&#39;");
    expect(text).not.toMatch(/<(script|link|img|iframe|object|embed|base|form)\b/i);
    expect(text).not.toMatch(/<[^>]*\s(on\w+|href|src)=/i);
    expect(statSync(folder.file(name)).mode & 0o777).toBe(0o600);
  });

  test.each(["merge.html", "verify.html"])("%s shows both sides of what differs, markup as text", (name) => {
    const text = page(name);
    expect(text).toContain("&lt;b id=x&gt;bold &amp; &#39;quoted&#39;&lt;/b&gt;");
    expect(text).not.toContain("<b ");
  });

  test("of an undone run is written as well, and takes the place of an earlier one", async () => {
    const args = ["--from-path", old, "--to", "sqlite", "--to-path", folder.file("other.db")];
    const { stdout } = await program(folder, args);
    const [, id] = /rollback (\w+)/.exec(stdout)!;
    writeFileSync(folder.file("undone.html"), "earlier");
    expect((await program(folder, ["rollback", id!, "--yes", "--report", "undone.html"])).code).toBe(0);
    expect(page("undone.html")).toContain(`Undone: run ${id}`);
  });

  test("a name that could be a store's is refused before anything is done", async () => {
    const args = ["--from-path", old, "--to", "sqlite", "--to-path", folder.file("never.db"), "--report"];
    expectError(await program(folder, [...args, old]), 2, "does not end in .html");
    expectError(await program(folder, [...args, "nowhere/report.html"]), 2, "does not exist");
    expect(existsSync(folder.file("never.db"))).toBe(false);
  });
});

test("values of a template are text, unless they are markup of ours", () => {
  expect(html`<p title="${`"><b>`}">${"a\u202eb"}${html`<i>${1234}</i>`}${null}${["x", html`<br>`]}</p>`.html).toBe(
    '<p title="&quot;&gt;&lt;b&gt;">a\\u202eb<i>1,234</i>x<br></p>',
  );
});

test("the timeline has every month between the first and the last, and survives times of any century", () => {
  expect(timeline("t", { "2025-11": 2, "2026-02": 1 }).html.match(/<title>/g)).toHaveLength(4);
  expect(timeline("t", { "0001-01": 1, "9999-12": 1 }).html.match(/<title>/g)!.length).toBeLessThanOrEqual(1_200);
  expect(timeline("t", {}).html).toBe("");
});

describe.skipIf(browser === undefined)("in a browser", () => {
  const show = (name: string, ...flags: string[]) =>
    Bun.spawnSync([browser!, "--headless", "--no-sandbox", "--disable-gpu", ...flags, `file://${folder.file(name)}`], {
      stdout: "pipe",
      stderr: "ignore",
      env: { ...process.env, HOME: folder.path },
    }).stdout.toString();

  test("the page is parsed as it was meant: nothing of a store has become markup", () => {
    const dom = show("merge.html", "--dump-dom");
    expect(dom).toContain("</footer>");
    expect(dom).not.toContain("<b id");
    expect(dom.match(/<h1/g)).toHaveLength(1);
  });

  test.each([360, 800, 1400])("nothing is wider than a window of %d pixels", (width) => {
    // A copy in which a script of the test's own may run, to measure.
    const measuring = page("merge.html")
      .replace(/<meta http-equiv[^>]*>/, "")
      .replace(
        "</body>",
        "<script>document.title = document.documentElement.scrollWidth + ' ' + innerWidth</script></body>",
      );
    writeFileSync(folder.file("measured.html"), measuring);
    const dom = show("measured.html", `--window-size=${width},900`, "--hide-scrollbars", "--dump-dom");
    const [, content, window] = /<title>(\d+) (\d+)<\/title>/.exec(dom)!.map(Number);
    expect(content).toBeLessThanOrEqual(window!);
  });
});
