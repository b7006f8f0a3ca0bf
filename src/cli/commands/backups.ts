/** `backups`: which archives are in a folder or bucket, and which of them have been proven. */
import * as v from "valibot";
import { DamagedStoreError } from "../../errors.ts";
import { listBackups } from "../../operations/backup/list.ts";
import { ARCHIVE } from "../../operations/backup/names.ts";
import { counted } from "../../support/count.ts";
import { backupsArgs } from "../args.ts";
import { knownBackups, placeOf } from "../backup-places.ts";
import type { Command, CommandContext } from "../command.ts";
import { PROGRAM } from "../commands.ts";
import { decode } from "../endpoint.ts";
import { jsonLine } from "../printable.ts";
import { backupsLines, backupsReport } from "../reports/backup.ts";

const BackupsSchema = v.object({
  place: v.exactOptional(v.string()),
  "state-dir": v.exactOptional(v.string()),
});
type BackupsOptions = v.InferOutput<typeof BackupsSchema>;

export const backups: Command<BackupsOptions> = {
  meta: {
    name: "backups",
    description: "List the archives of a folder or bucket, with what they hold and when each was last proven.",
    examples: [
      { what: "Those in the folder for backups", type: "backups" },
      { what: "Those in a bucket", type: "backups s3://my-bucket/memories" },
    ],
  },
  args: backupsArgs,
  parse: (values) => decode(BackupsSchema, values),
  run,
};

async function run({ place: word, "state-dir": stateDir }: BackupsOptions, context: CommandContext): Promise<void> {
  const { json, quiet, colour, write, tell, log, env, signal } = context;
  const list = await listBackups(placeOf(word, env), { type: ARCHIVE }, knownBackups(stateDir, env), signal);
  if (json) write(jsonLine(list));
  else if (quiet) write(backupsLines(list));
  else tell(`${backupsReport(list, word, colour)}\n`);
  for (const warning of list.warnings) log.warn(warning);
  const damaged = list.backups.filter(({ state }) => state === "damaged");
  if (damaged.length === 0) return;
  throw new DamagedStoreError(`${counted(damaged.length, "archive is", "archives are")} damaged in ${list.place}`, {
    details: damaged.map(({ name }) => name),
    next: `Make a new backup now; what can still be read of an archive: ${PROGRAM} restore ARCHIVE NEW.db --allow-loss`,
  });
}
