/** Neo4j out of Maven Central, and the command that starts one. */
import { createHash, randomBytes } from "node:crypto";
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
  const goal = ["dependency:copy-dependencies", `-DoutputDirectory=${jars}/lib`];
  const copied = run(["mvn", "-q", "-B", "-f", join(jars, "pom.xml"), ...goal]);
  const said = `${copied.text.slice(-500)} ${copied.error.slice(-500)}`;
  if (!copied.ok) throw new Error(`mvn could not fetch ${HARNESS}: ${said}`);
}

/** The first user, as `neo4j-admin dbms set-initial-password` writes it. */
function userLine(password: string): string {
  const salt = randomBytes(32);
  const hash = createHash("sha256").update(salt).update(password).digest();
  return `neo4j:SHA-256,${hash.toString("hex")},${salt.toString("hex")},1:\n`;
}

/**
 * What starts a Neo4j in a folder, which gets its configuration; the folder can be one that a server has had before.
 * @param settings lines of neo4j.conf @param password that of the user neo4j; without one, nobody is asked
 */
export function neo4jCommand(folder: string, port: number, settings: readonly string[], password = ""): string[] {
  for (const name of ["conf", "data/dbms"]) mkdirSync(join(folder, name), { recursive: true });
  if (password !== "") writeFileSync(join(folder, "data/dbms/auth.ini"), userLine(password));
  writeFileSync(
    join(folder, "conf/neo4j.conf"),
    [
      `server.bolt.listen_address=127.0.0.1:${port}`,
      `server.bolt.advertised_address=127.0.0.1:${port}`,
      "server.http.enabled=false",
      "server.memory.pagecache.size=64m",
      // 256 MB of each, for logs that stay short.
      "db.tx_log.preallocate=false",
      "dbms.usage_report.enabled=false",
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
  const entry = ["-cp", `${neo4jJars()}/lib/*`, "org.neo4j.server.CommunityEntryPoint"];
  // Up sooner, and nobody works with it for long.
  const quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"];
  return ["java", "-Xmx768m", ...quick, ...open, ...entry, `--home-dir=${folder}`, `--config-dir=${folder}/conf`];
}
