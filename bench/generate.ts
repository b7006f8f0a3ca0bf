/**
 * Writes a store in the style of real ones (0.12.4, `nodes` layout): COUNT memories and twice as many relationships, with
 * a hub, parallel relationships, self-loops, text in many scripts and some of it long. The same arguments give the same file.
 *
 *   bun bench/generate.ts FILE COUNT [SEED]
 *   bun bench/generate.ts FILE --large BYTES
 */
import { Database } from "bun:sqlite";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { nodesLayout } from "../src/memorygraph/layouts/nodes.ts";

const WORDS =
  'redis timeout retry backoff pool cache index shard schema token async lock queue leak trace vector graph edge node commit naïve café 日本語 🚀 Ω≈ç O\'Brien "quoted" back\\slash {curly} $param `tick` --dash ;semi %s'.split(
    " ",
  );
const MEMORY_TYPES =
  "task code_pattern problem solution project technology error fix command file_context workflow general conversation".split(
    " ",
  );
const RELATIONSHIP_TYPES =
  "CAUSES LEADS_TO SOLVES ADDRESSES IMPROVES REQUIRES BUILDS_ON CONFIRMS SIMILAR_TO RELATED_TO FOLLOWS DEPENDS_ON ENABLES".split(
    " ",
  );
const BASE = Date.UTC(2024, 0, 31, 23, 59, 59);

/** mulberry32: small, fast and the same everywhere. */
function randomness(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function generate(path: string, count: number, seed = 7): void {
  const random = randomness(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const words = (amount: number) => Array.from({ length: amount }, () => pick(WORDS)).join(" ");
  const time = (offset: number, micros: number) => {
    const fraction = micros % 1_000_000;
    const seconds = new Date(BASE + offset * 1000).toISOString().substring(0, 19);
    // Python leaves a fraction of zero out.
    return `${seconds}${fraction === 0 ? "" : `.${String(fraction).padStart(6, "0")}`}+00:00`;
  };
  rmSync(path, { force: true });
  const store = new Database(path);
  for (const sql of [...nodesLayout.tables, ...nodesLayout.indexes]) store.run(sql);
  store.run("BEGIN");
  const node = store.prepare("INSERT INTO nodes VALUES (?, 'Memory', ?, '2026-01-01 00:00:00', '2026-01-01 00:00:00')");
  for (let at = 0; at < count; at++) {
    const id = `m-${String(at).padStart(6, "0")}`;
    const memory = {
      id,
      type: pick(MEMORY_TYPES),
      title: `T${at} ${words(1)}`,
      content: words(random() < 0.01 ? 8000 : 3 + below(118)),
      tags: Array.from({ length: at % 5 }, () => pick(WORDS)),
      importance: Math.round(random() * 999) / 1000 + 0.0001,
      confidence: 0.85,
      usage_count: at % 9,
      created_at: time(-86_400 * (at % 900), at),
      updated_at: time(at, at * 7),
      ...(at % 3 === 0 && { summary: `sum ${at}` }),
      ...(at % 10 < 7 && {
        context_project_path: `/p/${at % 13}`,
        context_files_involved: at % 4 === 0 ? "[]" : Array.from({ length: at % 4 }, (_, k) => `src/${k}.py`),
        context_languages: at % 3 === 0 ? "[]" : ["python", "ts"].slice(0, at % 3),
        context_frameworks: "[]",
        context_git_branch: "main",
        context_timestamp: time(at, 123_456),
        context_session_id: `s${at}`,
        context_additional_metadata: at % 2 ? `{"k": ${at}, "nested": {"deep": [1, 2.5, null, true, "x"]}}` : "{}",
        context_visibility: pick(["private", "project", "team", "public"]),
      }),
    };
    node.run(id, python(memory));
  }
  const relationship = store.prepare(
    "INSERT INTO relationships VALUES (?, ?, ?, ?, ?, '2026-01-01 00:00:00', ?, ?, ?, NULL)",
  );
  for (let at = 0; at < count * 2; at++) {
    const from = at % 9 === 0 ? 0 : below(count);
    const to = at % 50 === 0 ? from : below(count);
    const validFrom = time(-86_400 * (at % 300), 123_456);
    const until = at % 10 === 0 ? time(0, 123_456) : null;
    const hex = Array.from({ length: 32 }, () => below(16).toString(16)).join("");
    const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    const properties = {
      strength: Math.round(random() * 10_000) / 10_000 + 0.00001,
      confidence: 0.5,
      context: at % 2 ? null : `because ${words(1)} ${at}`,
      evidence_count: at % 4,
      success_rate: at % 3 ? null : 0.5,
      created_at: validFrom,
      last_validated: time(0, 123_456),
      validation_count: at % 5,
      counter_evidence_count: at % 2,
      valid_from: validFrom,
      valid_until: until,
      recorded_at: time(0, 123_456),
      invalidated_by: null,
      id,
    };
    const name = (n: number) => `m-${String(n).padStart(6, "0")}`;
    relationship.run(
      id,
      name(from),
      name(to),
      pick(RELATIONSHIP_TYPES),
      python(properties),
      validFrom,
      until,
      time(0, 123_456),
    );
  }
  // An open statement would keep the file open.
  for (const statement of [node, relationship]) statement.finalize();
  store.run("COMMIT");
  store.close();
}

/** The same store for all that ask for this size in this folder. */
export async function storeOf(folder: string, memories: number): Promise<string> {
  const path = join(folder, `source-${memories}.db`);
  if (!existsSync(path)) await generateApart(path, String(memories));
  return path;
}

/**
 * In a process of its own, by the words that the command takes. Whoever measures peaks must stay small: what a child process needed
 * at most is told as no less than what its parent had needed at most when it was started.
 */
export async function generateApart(...words: readonly string[]): Promise<void> {
  const child = Bun.spawn([process.execPath, import.meta.path, ...words], { stdout: "ignore", stderr: "inherit" });
  if ((await child.exited) !== 0) throw new Error(`${words.join(" ")} is not generated`);
}

/** A store of the same kind with one memory, whose content is a text of so many bytes. */
function generateLarge(path: string, bytes: number): void {
  const sentence = `${WORDS.filter((word) => /^[a-z]+$/.test(word)).join(" ")} `;
  const content = sentence.repeat(Math.ceil(bytes / sentence.length)).substring(0, bytes);
  const memory = {
    ...{ id: "m-000000", type: "general", title: "large", content, tags: [] },
    ...{ importance: 0.5001, confidence: 0.85, usage_count: 0, created_at: "2024-01-31T23:59:59+00:00" },
    updated_at: "2024-01-31T23:59:59+00:00",
  };
  rmSync(path, { force: true });
  const store = new Database(path);
  for (const sql of [...nodesLayout.tables, ...nodesLayout.indexes]) store.run(sql);
  const row = "INSERT INTO nodes VALUES (?, 'Memory', ?, '2026-01-01 00:00:00', '2026-01-01 00:00:00')";
  store.run(row, [memory.id, JSON.stringify(memory)]);
  store.close();
}

/** As Python's json.dumps spells it. */
function python(value: object): string {
  const spaced = JSON.stringify(value, null, 1)
    .replace(/\n\s*/g, " ")
    .replace(/([{[]) /g, "$1")
    .replace(/ ([}\]])/g, "$1");
  return spaced.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

if (import.meta.main) {
  const [path, count, seed] = process.argv.slice(2);
  if (path === undefined || count === undefined) {
    console.error("usage: bun bench/generate.ts FILE COUNT [SEED], or FILE --large BYTES");
    process.exitCode = 2;
  } else if (count === "--large") generateLarge(path, Number(seed));
  else generate(path, Number(count), seed === undefined ? 7 : Number(seed));
}
