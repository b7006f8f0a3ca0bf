/** What a release is made of, as CycloneDX 1.6. Bun is named by hand: no scanner finds it in an executable. */
import { type Dependency, dependencies, directDependencies } from "./dependencies.ts";
import { DESCRIPTION, LICENSE, REPOSITORY, VERSION } from "./project.ts";
import { pinnedRuntime } from "./runtime.ts";
import { PROGRAM, TARGETS } from "./targets.ts";

/** @param time seconds since 1970 that the document carries */
export function sbom(commit: string, time: number): string {
  const packages = dependencies();
  const self = `pkg:github/${new URL(REPOSITORY).pathname.slice(1)}@${VERSION}`;
  const refOf = new Map(packages.map((dependency) => [dependency.path, purl(dependency)]));
  const refs = (paths: readonly string[]) => paths.map((path) => refOf.get(path)).sort();
  const document = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      timestamp: new Date(time * 1000).toISOString(),
      component: {
        type: "application",
        "bom-ref": self,
        name: PROGRAM,
        version: VERSION,
        description: DESCRIPTION,
        licenses: [{ license: { id: LICENSE } }],
        purl: self,
        externalReferences: [{ type: "vcs", url: REPOSITORY, comment: `commit ${commit}` }],
      },
    },
    components: [bun(), ...packages.map(library)],
    dependencies: [
      { ref: self, dependsOn: [BUN, ...refs(directDependencies())] },
      { ref: BUN, dependsOn: [] },
      ...packages.map((dependency) => ({ ref: purl(dependency), dependsOn: refs(dependency.needs) })),
    ],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

const BUN = npmPurl("bun", Bun.version);

/** The runtime, and in it each target's own build of it, which is what the executable begins with. */
function bun(): object {
  return {
    type: "platform",
    "bom-ref": BUN,
    name: "bun",
    version: Bun.version,
    licenses: [{ license: { id: "MIT" } }],
    purl: BUN,
    components: TARGETS.map((target) => {
      const { version, integrity } = pinnedRuntime(target);
      const ref = npmPurl(target.runtimePackage, version);
      const { runtimePackage: name } = target;
      return { type: "platform", "bom-ref": ref, name, version, hashes: [sha512(integrity)], purl: ref };
    }),
  };
}

function library(dependency: Dependency): object {
  const { name, version, licence, integrity } = dependency;
  return {
    type: "library",
    "bom-ref": purl(dependency),
    name,
    version,
    hashes: [sha512(integrity)],
    licenses: [/ (OR|AND|WITH) /.test(licence) ? { expression: licence } : { license: { id: licence } }],
    purl: purl(dependency),
  };
}

function purl({ name, version }: Dependency): string {
  return npmPurl(name, version);
}

function npmPurl(name: string, version: string): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

function sha512(integrity: string): object {
  return { alg: "SHA-512", content: Buffer.from(integrity.replace("sha512-", ""), "base64").toString("hex") };
}
