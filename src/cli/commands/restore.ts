/** `restore`: everything of an archive into a store, proven; a migration whose source is the archive. */
import { ARCHIVE } from "../../operations/backup/names.ts";
import { openArchive } from "../../operations/backup/reference.ts";
import { restoreArgs } from "../args.ts";
import { archiveSurroundings } from "../backup-places.ts";
import type { Command, CommandContext } from "../command.ts";
import { PROGRAM } from "../commands.ts";
import { assertTargetNamed } from "../stores.ts";
import { type MigrateOptions, migrate } from "./migrate.ts";

interface RestoreOptions {
  /** As it was typed. */
  readonly address: string;
  /** Its source is of the right kind, and where it is, is known once it has been fetched. */
  readonly migration: MigrateOptions;
}

export const restore: Command<RestoreOptions> = {
  meta: {
    name: "restore",
    description: "Bring everything of an archive into a store, then read it back and prove it.",
    examples: [
      { what: "The newest backup of a folder into a new file", type: "restore ~/backups/ new.db" },
      { what: "Show what it would do; nothing is written", type: "restore memories.jsonl.zst new.db --dry-run" },
      { what: "From a bucket into Neo4j", type: "restore s3://my-bucket/memories bolt://localhost" },
    ],
  },
  args: restoreArgs,
  parse({ archived, ...values }) {
    const address = String(archived);
    // What comes by standard input gets a name once it is a file.
    const path = address === "-" ? "(standard input)" : address;
    return { address, migration: migrate.parse({ ...values, from: ARCHIVE, "from-path": path }) };
  },
  run,
};

async function run({ address, migration }: RestoreOptions, context: CommandContext): Promise<void> {
  const { to, from } = migration;
  assertTargetNamed(to, { path: address }, { words: [PROGRAM, "restore"], example: "new.db" });
  using opened = await openArchive(address, archiveSurroundings(context));
  if (opened.passedOver !== null) context.log.warn(opened.passedOver);
  if (opened.path !== opened.location) context.log.debug(`archive: ${opened.location}, fetched to ${opened.path}`);
  await migrate.run({ ...migration, from: { ...from, path: opened.path } }, context);
}
