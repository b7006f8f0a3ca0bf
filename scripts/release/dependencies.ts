/** What is inside the executable besides our own code: the packages that run in it, by package-lock.json, and Bun. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import lock from "../../package-lock.json";
import { ROOT } from "./project.ts";

export interface Dependency {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  /** sha512, base64; as npm checks it. */
  readonly integrity: string;
  /** Where it is installed, from the project's root. */
  readonly path: string;
  /** The paths of those that it needs itself. */
  readonly needs: readonly string[];
}

interface LockEntry {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}
const PACKAGES: Readonly<Record<string, LockEntry>> = lock.packages;

/** The paths of what the project itself asks for. */
export function directDependencies(): string[] {
  return needsOf("", PACKAGES[""] ?? {});
}

/** Every package that is needed at run time, sorted by name. */
export function dependencies(): Dependency[] {
  const found = new Map<string, Dependency>();
  const visit = (path: string) => {
    if (found.has(path)) return;
    const entry = PACKAGES[path] ?? {};
    const needs = needsOf(path, entry);
    found.set(path, { ...complete(path, entry), needs });
    needs.forEach(visit);
  };
  directDependencies().forEach(visit);
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** @throws Error when the lock file leaves something open */
function complete(path: string, { version, license, integrity }: LockEntry): Omit<Dependency, "needs"> {
  if (version === undefined || license === undefined || integrity === undefined) {
    throw new Error(`package-lock.json does not tell version, license and integrity of ${path}`);
  }
  const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
  return { name, version, licence: license, integrity, path };
}

/** As Node looks a package up: in its own node_modules, then in those of the folders above. */
function needsOf(path: string, entry: LockEntry): string[] {
  return Object.keys(entry.dependencies ?? {}).map((name) => {
    for (let from = path; ; from = from.slice(0, Math.max(from.lastIndexOf("/node_modules/"), 0))) {
      const candidate = `${from === "" ? "" : `${from}/`}node_modules/${name}`;
      if (PACKAGES[candidate] !== undefined) return candidate;
      if (from === "") throw new Error(`package-lock.json does not say where ${name} is`);
    }
  });
}

/** The licences and notices that those packages ask to be passed on. */
export function thirdPartyLicences(): string {
  const bun = `bun ${Bun.version} (MIT, with parts under other licences)\nhttps://bun.com/docs/project/licensing lists them, among them JavaScriptCore (LGPL-2.1) and BoringSSL.`;
  const packages = dependencies().map(({ name, version, licence, path }) => {
    const texts = textsIn(join(ROOT, path));
    return [`${name} ${version} (${licence})`, ...(texts.length > 0 ? texts : ["It comes without a text of its own."])];
  });
  const parts = [["This executable contains:"], [bun], ...packages].map((lines) => lines.join("\n\n"));
  return `${parts.join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

function textsIn(folder: string): string[] {
  if (!existsSync(folder)) throw new Error(`${folder} is not installed; run npm ci`);
  const names = readdirSync(folder).filter((name) => /^(licen[cs]e|notice|copying)/i.test(name));
  return names.sort().map((name) => readFileSync(join(folder, name), "utf8").replaceAll("\r\n", "\n").trim());
}
