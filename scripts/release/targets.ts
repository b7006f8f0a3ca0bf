/** The machines that a release is for: the only list of them. */

export interface Target {
  readonly name: string;
  readonly os: "linux" | "darwin" | "windows";
  readonly cpu: "x64" | "arm64";
  readonly libc: "glibc" | "musl" | null;
  /** What Bun calls it. */
  readonly compileTarget: Bun.Build.CompileTarget;
  /** The npm package that holds Bun for it. One build of x64 does for all: the runtime picks AVX as it starts. */
  readonly runtimePackage: string;
  /** The file name of Bun in that package, and the ending of ours. */
  readonly extension: "" | ".exe";
}

export const PROGRAM = "memorygraph-migrate";

export const TARGETS: readonly Target[] = [
  target("linux", "x64", "glibc"),
  target("linux", "arm64", "glibc"),
  target("linux", "x64", "musl"),
  target("linux", "arm64", "musl"),
  target("darwin", "x64"),
  target("darwin", "arm64"),
  target("windows", "x64"),
  target("windows", "arm64"),
];

function target(os: Target["os"], cpu: Target["cpu"], libc: Target["libc"] = null): Target {
  const suffix = libc === "musl" ? "-musl" : "";
  return {
    name: `${os}-${cpu}${suffix}`,
    os,
    cpu,
    libc,
    compileTarget: `bun-${os}-${cpu}${suffix}` as Bun.Build.CompileTarget,
    runtimePackage: `@oven/bun-${os}-${cpu === "arm64" ? "aarch64" : "x64"}${suffix}`,
    extension: os === "windows" ? ".exe" : "",
  };
}

/**
 * The targets of these names, in the order of the list; `all` stands for every one.
 * @throws Error naming what is no target
 */
export function targetsNamed(names: readonly string[]): readonly Target[] {
  const unknown = names.filter((name) => name !== "all" && !TARGETS.some((known) => known.name === name));
  if (unknown.length > 0) {
    throw new Error(
      `no such target: ${unknown.join(", ")}; there are ${TARGETS.map(({ name }) => name).join(", ")}, all`,
    );
  }
  return TARGETS.filter(({ name }) => names.includes("all") || names.includes(name));
}

/** The file name of the executable, the same wherever it is built: Bun writes it into the file. */
export function executableName({ extension }: Pick<Target, "extension">): string {
  return `${PROGRAM}${extension}`;
}
