/** What every part of a release says about the project. */
import { join } from "node:path";
import { $ } from "bun";
import { description, license, repository, version } from "../../package.json";

export const ROOT = join(import.meta.dir, "../..");
export const VERSION: string = version;
export const DESCRIPTION: string = description;
export const LICENSE: string = license;
/** Where releases are published. To move the project, change `repository` in package.json; a test finds the copies. */
export const REPOSITORY: string = repository.url.replace(/^git\+|\.git$/g, "");

/** The commit being built, marked when the files are not those of the commit; `unknown` outside of git. */
export async function currentCommit(): Promise<string> {
  // A fixed length: git otherwise takes more digits the more history it knows, and a release is built from a shallow clone.
  const described = await $`git -C ${ROOT} describe --always --abbrev=12 --dirty --exclude=${"*"}`.nothrow().quiet();
  return described.exitCode === 0 ? described.text().trim() : "unknown";
}

/** Seconds since 1970 that files in archives carry: SOURCE_DATE_EPOCH, else when the commit was made. */
export async function sourceDate(env: Readonly<Record<string, string | undefined>> = Bun.env): Promise<number> {
  const given = env.SOURCE_DATE_EPOCH;
  const text = given ?? (await $`git -C ${ROOT} log -1 --format=%ct`.nothrow().quiet().text()).trim();
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error("the date of the source is not known: set SOURCE_DATE_EPOCH to seconds since 1970");
}
