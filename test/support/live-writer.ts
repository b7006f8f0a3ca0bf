/**
 * An application at work, for tests: adds a node and a relationship per transaction until its standard input ends,
 * then prints how many it made and every error it met. Arguments: path, journal mode, pause in milliseconds.
 */
import { Database } from "bun:sqlite";

const [path, mode, pause] = process.argv.slice(2) as [string, string, string];
const database = new Database(path);
database.run(`PRAGMA journal_mode = ${mode}`);
const errors: string[] = [];
let made = 0;
let open = true;
process.stdin
  .on("data", () => {})
  .on("end", () => {
    open = false;
  });
process.stdin.resume();
while (open) {
  try {
    database.transaction(() => {
      const id = `live-${made}`;
      database.run("INSERT INTO nodes (id, label, properties) VALUES (?, 'Memory', '{}')", [id]);
      database.run(
        "INSERT INTO relationships (id, from_id, to_id, rel_type, properties) VALUES (?, ?, ?, 'SOLVES', '{}')",
        [`r-${id}`, id, id],
      );
    })();
    made++;
    if (made === 1) process.stderr.write("started\n");
  } catch (error) {
    errors.push(String(error));
  }
  await Bun.sleep(Number(pause));
}
process.stdout.write(JSON.stringify({ made, errors }));
process.exit(0);
