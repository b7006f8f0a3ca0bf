/** Neo4j out of Maven Central, and the command that starts one. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cached, run } from "./cache.ts";

const HARNESS = "org.neo4j.test:neo4j-harness:5.26.0";

/** The folder with its jars, fetched when it is first asked for. @throws Error saying what is missing */
export function neo4jJars(): string {
  return cached("neo4j", fetchNeo4j);
}

function fetchNeo4j(jars: string): void {
  if (Bun.which("java") === null || Bun.which("mvn") === null) throw new Error("it needs java (17 or later) and mvn");
  const [group, artifact, version] = HARNESS.split(":");
  writeFileSync(
    join(jars, "pom.xml"),
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>tests</groupId><artifactId>servers</artifactId><version>1</version><dependencies><dependency>
<groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>
</dependency></dependencies></project>`,
  );
  const copied = run([
    "mvn",
    "-q",
    "-B",
    "-f",
    join(jars, "pom.xml"),
    "dependency:copy-dependencies",
    `-DoutputDirectory=${jars}/lib`,
  ]);
  if (!copied.ok)
    throw new Error(`mvn could not fetch ${HARNESS}: ${copied.text.slice(-500)} ${copied.error.slice(-500)}`);
}

/** What starts a Neo4j in a folder, which gets its configuration; the folder can be one that a server has had before. */
export function neo4jCommand(folder: string, port: number, settings: readonly string[]): string[] {
  mkdirSync(join(folder, "conf"), { recursive: true });
  writeFileSync(
    join(folder, "conf/neo4j.conf"),
    [
      `server.bolt.listen_address=127.0.0.1:${port}`,
      `server.bolt.advertised_address=127.0.0.1:${port}`,
      "server.http.enabled=false",
      "server.memory.pagecache.size=128m",
      "dbms.usage_report.enabled=false",
      ...settings,
      "",
    ].join("\n"),
  );
  const open = ["java.nio", "java.io", "java.lang", "sun.nio.ch"].map(
    (name) => `--add-opens=java.base/${name}=ALL-UNNAMED`,
  );
  const entry = ["-cp", `${neo4jJars()}/lib/*`, "org.neo4j.server.CommunityEntryPoint"];
  return ["java", "-Xmx768m", ...open, ...entry, `--home-dir=${folder}`, `--config-dir=${folder}/conf`];
}
