/** Small 0.12 stores with known memories, and a look at what they hold. */
import { createLike, readAll, settle } from "./stores.ts";

interface Memory {
  id: string;
  title?: string;
  updated?: string;
  /** Other properties. */
  more?: Record<string, unknown>;
}
export const DAY = (day: number) => `2024-01-0${day}T00:00:00+00:00`;

export function store(
  path: string,
  memories: Memory[],
  relationships: [id: string, from: string, to: string, strength: number, validated?: string][] = [],
): string {
  const database = createLike("0.12.4", path);
  for (const { id, title = "t", updated, more = {} } of memories) {
    const times = updated === undefined ? {} : { created_at: "2023-01-01T00:00:00+00:00", updated_at: updated };
    database.run("INSERT INTO nodes (id, label, properties) VALUES (?, 'Memory', ?)", [
      id,
      JSON.stringify({ id, title, ...times, ...more }),
    ]);
  }
  for (const [id, from, to, strength, last_validated] of relationships) {
    const properties = JSON.stringify({ strength, ...(last_validated && { last_validated }) });
    database.run("INSERT INTO relationships (id, from_id, to_id, rel_type, properties) VALUES (?, ?, ?, 'SOLVES', ?)", [
      id,
      from,
      to,
      properties,
    ]);
  }
  // Otherwise the clock would make two stores differ.
  database.run("UPDATE nodes SET created_at = '2024-05-01 10:00:00', updated_at = '2024-05-01 10:00:00'");
  const times = ["created_at", "valid_from", "recorded_at"].map((name) => `${name} = '2024-05-01 10:00:00'`);
  database.run(`UPDATE relationships SET ${times.join(", ")}`);
  database.close();
  return settle(path);
}

export async function titles(path: string): Promise<Record<string, unknown>> {
  const { records } = await readAll(path);
  return Object.fromEntries(
    records.map(({ kind, properties }) => [
      String(properties.get("id")),
      properties.get(kind === "node" ? "title" : "strength"),
    ]),
  );
}
