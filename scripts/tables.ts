/** Writes the tables of the documents that follow from the program's data and from what the tests found, between their marks. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BACKENDS } from "../src/backends/descriptors.ts";
import { kindsThatTake, OPTION_NAMES } from "../src/cli/store-options.ts";
import { VERSIONS } from "./engines/versions.ts";
import { CHAINS, nameOf, readResults, type VersionResult } from "./versions.ts";

/** A row for each kind of store. */
function kinds(): string {
  const rows = BACKENDS.map(({ type, title, server, capabilities, variables }) => {
    const address = server === null ? "a path" : `\`${server.schemes.join("://`, `")}://\`; port ${server.port}`;
    const use = capabilities.target === "none" ? "source" : "source, target";
    const { path, uri, host, port } = variables ?? {};
    const names = [path, uri, host, port].flatMap((variable) => variable?.names ?? []).join(", ") || "none";
    return `| \`${type}\` | ${title} | ${use} | ${address} | ${names} |`;
  });
  const head = "| KIND | product | can be | address | MemoryGraph's variables for it |\n|---|---|---|---|---|";
  return [head, ...rows].join("\n");
}

/** A row for each option that not every kind of store takes. */
function options(): string {
  const rows = OPTION_NAMES.map(({ spelled, field }) => `| \`${spelled}\` | ${kindsThatTake(field).join(", ")} |`);
  return ["| option | kinds that take it |\n|---|---|", ...rows].join("\n");
}

function outcome(result: VersionResult | undefined): string {
  if (result === undefined) return "not run |";
  if (result.skipped !== null) return `not run: ${result.skipped} | ${result.date}`;
  return `${result.pass} passed, ${result.fail} failed, ${result.skip} skipped | ${result.date}`;
}

/** A row for each version of a graph server. */
function versions(): string {
  const results = readResults();
  const rows = VERSIONS.map((one) => {
    const title = BACKENDS.find(({ type }) => type === one.kind)!.title;
    const from = one.package === null ? `docker image \`${one.image}\` only` : `\`${one.package}\``;
    return `| ${title} ${one.version} | ${from} | ${outcome(results.find(({ name }) => name === nameOf(one)))} |`;
  });
  return ["| server | out of | tests | on |\n|---|---|---|---|", ...rows].join("\n");
}

/** A row for each chain of migrations. */
function chains(): string {
  const results = readResults();
  const rows = Object.entries(CHAINS).map(([name, hops]) => {
    const through = ["SQLite", ...hops.map((hop) => hop.replace("@", " ")), "SQLite"].join(", ");
    return `| ${name} | ${through} | ${outcome(results.find((result) => result.name === name))} |`;
  });
  return ["| chain | through | hops | on |\n|---|---|---|---|", ...rows].join("\n");
}

const DOCUMENTS: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  "docs/CLI.md": { kinds, options },
  "docs/PLATFORMS.md": { versions, chains },
};
export const WITH_TABLES = Object.keys(DOCUMENTS);

/** The document as it should be. @throws RangeError where a mark is missing */
export function withTables(document: string): string {
  return Object.entries(DOCUMENTS[document]!).reduce((sum, [name, table]) => {
    const [begin, end] = [`<!-- ${name}: bun scripts/tables.ts -->`, `<!-- end of ${name} -->`];
    const [from, to] = [sum.indexOf(begin), sum.indexOf(end)];
    if (from === -1 || to === -1) throw new RangeError(`${document} has no place for the table ${name}`);
    return `${sum.slice(0, from + begin.length)}\n${table()}\n${sum.slice(to)}`;
  }, documentText(document));
}

export function documentText(document: string): string {
  return readFileSync(join(import.meta.dir, "..", document), "utf8");
}

if (import.meta.main) {
  for (const document of WITH_TABLES) writeFileSync(join(import.meta.dir, "..", document), withTables(document));
}
