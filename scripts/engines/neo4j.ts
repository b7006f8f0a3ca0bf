/** Neo4j out of Maven Central, and the command that starts one. */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cached, run } from "./cache.ts";
import { javaCommand } from "./java.ts";
import { type EngineVersion, wantedVersion } from "./versions.ts";

/** The folder with its jars, fetched when it is first asked for. @throws Error saying what is missing */
function neo4jJars({ version, package: harness }: EngineVersion): string {
  return cached(`neo4j-${version}`, (folder) => fetchNeo4j(folder, harness!));
}

function fetchNeo4j(jars: string, harness: string): void {
  if (Bun.which("java") === null || Bun.which("mvn") === null) throw new Error("it needs java (17 or later) and mvn");
  const [group, artifact, version] = harness.split(":");
  writeFileSync(
    join(jars, "pom.xml"),
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>tests</groupId><artifactId>servers</artifactId><version>1</version><dependencies><dependency>
<groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>
</dependency></dependencies></project>`,
  );
  const goal = ["dependency:copy-dependencies", `-DoutputDirectory=${jars}/lib`];
  const copied = run(["mvn", "-q", "-B", "-f", join(jars, "pom.xml"), ...goal]);
  const said = `${copied.text.slice(-500)} ${copied.error.slice(-500)}`;
  if (!copied.ok) throw new Error(`mvn could not fetch ${harness}: ${said}`);
}

/** The first user, as `neo4j-admin dbms set-initial-password` writes it. */
function userLine(password: string): string {
  const salt = randomBytes(32);
  const hash = createHash("sha256").update(salt).update(password).digest();
  return `neo4j:SHA-256,${hash.toString("hex")},${salt.toString("hex")},1:\n`;
}

/** What differs between the lines of releases. */
interface Line {
  readonly java: 17 | 21;
  readonly main: string;
  readonly settings: readonly string[];
}

function lineOf(version: string, address: string): Line {
  const main = "org.neo4j.server.CommunityEntryPoint";
  const first = Number(version.split(".")[0]);
  const [server, connector] = first === 4 ? ["dbms", "dbms.connector"] : ["server", "server"];
  const settings = [
    `${connector}.bolt.listen_address=${address}`,
    `${connector}.bolt.advertised_address=${address}`,
    `${connector}.bolt.enabled=true`,
    `${connector}.http.enabled=false`,
    `${server}.memory.pagecache.size=64m`,
  ];
  return first >= 2025 ? { java: 21, main: "org.neo4j.server.Neo4jCommunity", settings } : { java: 17, main, settings };
}

/**
 * What starts a Neo4j in a folder, which gets its configuration; the folder can be one that a server has had before.
 * @param settings lines of neo4j.conf @param password that of the user neo4j; without one, nobody is asked
 */
export function neo4jCommand(
  folder: string,
  port: number,
  settings: readonly string[],
  password = "",
  release: EngineVersion = wantedVersion("neo4j"),
): string[] {
  const line = lineOf(release.version, `127.0.0.1:${port}`);
  for (const name of ["conf", "data/dbms"]) mkdirSync(join(folder, name), { recursive: true });
  if (password !== "") writeFileSync(join(folder, "data/dbms/auth.ini"), userLine(password));
  writeFileSync(
    join(folder, "conf/neo4j.conf"),
    [
      ...line.settings,
      // Which settings there are differs from release to release.
      "server.config.strict_validation.enabled=false",
      // 256 MB of each, for logs that stay short.
      "db.tx_log.preallocate=false",
      "dbms.usage_report.enabled=false",
      // Tests fill and empty it all the time: a plan for a statement takes longer than the statement.
      "dbms.cypher.min_replan_interval=1h",
      `dbms.security.auth_enabled=${password !== ""}`,
      // Tests also try wrong passwords.
      "dbms.security.auth_max_failed_attempts=0",
      ...settings,
      "",
    ].join("\n"),
  );
  const open = ["java.nio", "java.io", "java.lang", "sun.nio.ch"].map(
    (name) => `--add-opens=java.base/${name}=ALL-UNNAMED`,
  );
  const entry = ["-cp", `${neo4jJars(release)}/lib/*`, line.main];
  // Up sooner, and nobody works with it for long.
  const quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"];
  const homes = [`--home-dir=${folder}`, `--config-dir=${folder}/conf`];
  return [javaCommand(line.java), "-Xmx768m", ...quick, ...open, ...entry, ...homes];
}
