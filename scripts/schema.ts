/** Writes docs/schema/*.json, the JSON Schemas of everything that the program prints with --json. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toJsonSchema } from "@valibot/to-json-schema";
import { DiagnosisSchema } from "../src/doctor/models.ts";
import { BackupListSchema, BackupResultSchema, DrillResultSchema } from "../src/operations/backup/models.ts";
import {
  ComparisonResultSchema,
  InspectionResultSchema,
  MigrationOptionsSchema,
  MigrationResultSchema,
} from "../src/operations/models.ts";
import { ForgetResultSchema, RollbackResultSchema, RunListSchema } from "../src/operations/run-models.ts";

const SCHEMAS = {
  "migration-options": MigrationOptionsSchema,
  "migration-result": MigrationResultSchema,
  "comparison-result": ComparisonResultSchema,
  "inspection-result": InspectionResultSchema,
  diagnosis: DiagnosisSchema,
  "rollback-result": RollbackResultSchema,
  "run-list": RunListSchema,
  "forget-result": ForgetResultSchema,
  "backup-result": BackupResultSchema,
  "backup-list": BackupListSchema,
  "drill-result": DrillResultSchema,
};

/** File names and contents, as they should be committed. */
export function schemaFiles(): Map<string, string> {
  const files = new Map<string, string>();
  for (const [name, schema] of Object.entries(SCHEMAS)) {
    // A check written in code has no JSON Schema; the rest has.
    const json = toJsonSchema(schema, { typeMode: "input", errorMode: "ignore" });
    files.set(`${name}.json`, `${JSON.stringify(json, null, 2)}\n`);
  }
  return files;
}

if (import.meta.main) {
  const folder = join(import.meta.dir, "../docs/schema");
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of schemaFiles()) writeFileSync(join(folder, name), text);
}
