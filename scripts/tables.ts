/** Writes the tables of the documents that follow from the program's data, between their marks. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BACKENDS } from "../src/backends/descriptors.ts";
import { kindsThatTake, OPTION_NAMES } from "../src/cli/store-options.ts";

const DOCUMENT = join(import.meta.dir, "../docs/CLI.md");

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

const TABLES = { kinds, options };

/** The document as it should be. @throws RangeError where a mark is missing */
export function withTables(text: string): string {
  return Object.entries(TABLES).reduce((sum, [name, table]) => {
    const [begin, end] = [`<!-- ${name}: bun scripts/tables.ts -->`, `<!-- end of ${name} -->`];
    const [from, to] = [sum.indexOf(begin), sum.indexOf(end)];
    if (from === -1 || to === -1) throw new RangeError(`docs/CLI.md has no place for the table ${name}`);
    return `${sum.slice(0, from + begin.length)}\n${table()}\n${sum.slice(to)}`;
  }, text);
}

export function documentText(): string {
  return readFileSync(DOCUMENT, "utf8");
}

if (import.meta.main) writeFileSync(DOCUMENT, withTables(documentText()));
