/** Whether a file can be written to: what SQLite relies on when it writes has to be so. */
import type { Database } from "bun:sqlite";
import { DamagedStoreError, RefusedError } from "../../errors.ts";
import { shellQuote } from "../../support/shell.ts";
import type { Finding } from "../description.ts";
import { checkClaims } from "./claims.ts";
import { checkIntegrity, cureOf, staleIndex } from "./integrity.ts";
import type { FileLayout } from "./layout.ts";

/**
 * @returns what else a person should know of it
 * @throws DamagedStoreError, RefusedError
 */
export function assertSoundTarget(path: string, database: Database, layout: FileLayout): readonly Finding[] {
  if (layout.unnumbered.length > 0) {
    throw refused(
      path,
      `its tables are declared in a way that this program only reads (${layout.unnumbered.join(", ")})`,
      [],
    );
  }
  const { doubled, stale } = checkClaims(database, layout, true);
  const cure = cureOf(path, doubled.length > 0);
  const { findings, suspect } = checkIntegrity(database, cure, false);
  if (suspect) {
    throw new DamagedStoreError(`${path} is damaged, or has parts that only another program can maintain`, {
      details: linesOf(findings),
      next: `Leave it as it is, and migrate into a new file: everything that can be read is copied by --from-path ${shellQuote(path)} --allow-loss.`,
    });
  }
  if (doubled.length > 0) throw refused(path, `several rows of ${doubled.join(" and ")} share an id`, findings);
  if (stale.length > 0 || findings.some(({ what }) => what === staleIndex(cure))) {
    throw new RefusedError(
      `${path} has an index that does not match its table, and writing to it would damage it further`,
      {
        details: linesOf(findings),
        next: `Rebuild its indexes, then run the same command again: sqlite3 ${shellQuote(path)} REINDEX`,
      },
    );
  }
  return findings;
}

/** Of a file that can only be read in another way than as it is. */
export function refusedTarget(path: string, findings: readonly Finding[]): RefusedError {
  return refused(path, "SQLite does not read it without changes", findings);
}

function refused(path: string, why: string, findings: readonly Finding[]): RefusedError {
  return new RefusedError(`${path} cannot be written to: ${why}`, {
    details: linesOf(findings),
    next: `Migrate it into a new file first: memorygraph-migrate --from sqlite --from-path ${shellQuote(path)} --to sqlite --to-path NEW.db`,
  });
}

function linesOf(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ what, examples }) => examples.map((example) => `${what}: ${example}`));
}
