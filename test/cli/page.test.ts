// @level normal
/** The page that --report writes: whole, self-contained, and harmless whatever a store holds. In a real browser where there is one. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { html } from "../../src/cli/page/html.ts";
import { timeline } from "../../src/cli/page/plots.ts";
import { temporaryFolder } from "../support/folder.ts";
import { copyFixture, settle } from "../support/stores.ts";
import { has } from "../support/system.ts";
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
/** What would change the window's title, if anything of it ran. */
const ACTING = "<script>document.title='ran'</script><img src=nowhere onerror=\"document.title='ran'\">";
const old = copyFixture("0.12.4", folder, "old.db");
const changed = edited(folder, "changed.db", (store) =>
  store.change("m-000001", { title: TITLE }).change("m-000002", { title: ACTING, content: ACTING }),
);
/** The properties of these are no JSON. */
const UNREADABLE = ["m-000003", "m-000004"];
const lossy = copyFixture("0.12.4", folder, "lossy.db");
{
  using database = new Database(lossy);
  for (const id of UNREADABLE) database.run('UPDATE nodes SET properties = \'{"title": "cut\' WHERE id = ?', [id]);
}
settle(lossy);
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
  await program(folder, [lossy, "lossy-copy.db", "--allow-loss", "--report", "loss.html"]);
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

  test("lists every loss by id, before it shows what the store holds", () => {
    const text = page("loss.html");
    const [, lost] = /<h2>Lost<\/h2>(.*?)<h2>/s.exec(text)!;
    expect(lost).toContain(`(${UNREADABLE.length})`);
    for (const id of UNREADABLE) expect(lost).toContain(id);
    expect(text.indexOf("<h2>Lost</h2>")).toBeLessThan(text.indexOf('<div class="plots">'));
    expect(text).toContain('<h1 class="bad">');
    expect(page("first.html")).not.toContain("Lost");
  });

  test.each(["first.html", "merge.html", "verify.html"])("%s loads nothing and runs nothing", (name) => {
    const text = page(name);
    expect(text).toContain("default-src &#39;none&#39;");
    expect(text).not.toMatch(/<(script|link|img|iframe|object|embed|base|form)\b/i);
    expect(text).not.toMatch(/<[^>]*\s(on\w+|href|src)=/i);
    if (has.modes) expect(statSync(folder.file(name)).mode & 0o777).toBe(0o600);
  });

  test("of a merge tells the digest of what was selected from that of the whole target", () => {
    expect(page("merge.html")).toContain("digest of what was selected");
    expect(page("merge.html")).toContain("digest of the whole target");
    expect(page("first.html")).not.toContain("whole target");
  });

  test("names stores so that its commands work from every folder", () => {
    expect(page("merge.html")).toContain(`--from-path ${changed} --to sqlite --to-path ${target}`);
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

/** Without the rule that forbids scripts: escaping alone has to do, and a script of the test's own may measure. */
function measurable(name: string, script: string): string {
  const text = page(name).replace(/<meta http-equiv[^>]*>/, "");
  // A function, since the script may hold what a replacement text gives a meaning.
  writeFileSync(
    folder.file("measured.html"),
    text.replace("</body>", () => `<script>${script}</script></body>`),
  );
  return "measured.html";
}

describe.skipIf(browser === undefined)("in a browser", () => {
  const show = (name: string, ...flags: string[]) =>
    Bun.spawnSync(
      [
        ...[browser!, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000"],
        ...flags,
        `file://${folder.file(name)}`,
      ],
      { stdout: "pipe", stderr: "ignore", env: { ...process.env, HOME: folder.path } },
    ).stdout.toString();

  test("the page is parsed as it was meant: nothing of a store has become markup", () => {
    const dom = show("merge.html", "--dump-dom");
    expect(dom).toContain("</footer>");
    expect(dom).not.toContain("<b id");
    expect(dom.match(/<h1/g)).toHaveLength(1);
  });

  test.each(["merge.html", "verify.html"])("nothing that a title holds runs in %s", (name) => {
    const dom = show(measurable(name, ""), "--dump-dom");
    expect(dom).toContain("document.title='ran'");
    expect(dom).not.toContain("<title>ran</title>");
    expect(dom).not.toContain("<img");
  });

  test.each([360, 800, 1400])("nothing is wider than a window of %d pixels", (width) => {
    const script = "document.title = document.documentElement.scrollWidth + ' ' + innerWidth";
    const flags = [`--window-size=${width},900`, "--hide-scrollbars", "--dump-dom"];
    const dom = show(measurable("merge.html", script), ...flags);
    const [, content, window] = /<title>(\d+) (\d+)<\/title>/.exec(dom)!.map(Number);
    expect(content).toBeLessThanOrEqual(window!);
  });

  test("on paper it is black on white, whatever the colours of the screen, and all of it is there", () => {
    const script = `document.title = JSON.stringify({
      colours: ["h1", "td", "code"].map((name) => getComputedStyle(document.querySelector(name)).color),
      paper: getComputedStyle(document.body).backgroundColor,
      hidden: [...document.body.querySelectorAll("*")].filter((part) => getComputedStyle(part).display === "none").map(({ tagName }) => tagName),
      fits: document.documentElement.scrollWidth <= innerWidth,
    })`;
    measurable("loss.html", script);
    const path = folder.file("measured.html");
    writeFileSync(path, readFileSync(path, "utf8").replace("@media print", "@media screen"));
    // A sheet of A4 between its margins.
    const flags = ["--blink-settings=preferredColorScheme=0", "--window-size=720,1000", "--dump-dom"];
    const dom = show("measured.html", ...flags);
    const found = JSON.parse(/<title>(.*?)<\/title>/.exec(dom)![1]!);
    expect(found).toMatchObject({ colours: Array(3).fill("rgb(0, 0, 0)"), paper: "rgb(255, 255, 255)", fits: true });
    // Its numbers are in the plots.
    expect(new Set(found.hidden)).toEqual(new Set(["DETAILS", "SCRIPT"]));
    show("loss.html", `--print-to-pdf=${folder.file("loss.pdf")}`);
    expect(readFileSync(folder.file("loss.pdf")).subarray(0, 5).toString()).toBe("%PDF-");
  });

  const axe = readFileSync(Bun.resolveSync("axe-core/axe.min.js", import.meta.dir), "utf8");
  const ask = `axe.run().then(({ violations, passes }) => {
    const found = violations.map(({ id, nodes }) => id + ": " + nodes.map(({ target }) => target.join(" ")).join(", "));
    document.title = "axe " + JSON.stringify({ found, rules: passes.length });
  });`;
  /** Light is 1, dark is 0. */
  test.each([
    ["first.html", 1],
    ["first.html", 0],
    ["merge.html", 1],
    ["merge.html", 0],
    ["verify.html", 1],
    ["loss.html", 1],
    ["undone.html", 0],
  ])("axe finds nothing in %s, with colour scheme %d", (name, scheme) => {
    const flags = [`--blink-settings=preferredColorScheme=${scheme}`, "--window-size=400,900", "--dump-dom"];
    const dom = show(measurable(name, `${axe};${ask}`), ...flags);
    const { found, rules } = JSON.parse(/<title>axe (.*?)<\/title>/.exec(dom)![1]!.replaceAll("&gt;", ">"));
    expect(found).toEqual([]);
    expect(rules).toBeGreaterThan(10);
  });
});
