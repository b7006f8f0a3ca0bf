/** Rows that no well-behaved application writes, straight into the tables of each layout. */
import type { Database } from "bun:sqlite";

export const STRANGE_IDS: readonly string[] = [
  "plain",
  'o\'brien "quoted" `tick` [x]',
  "; DROP TABLE nodes; --",
  "emoji 🚀👩‍👩‍👧",
  "nul\0inside",
  "\0",
  " ",
  "line\nbreak\r\n",
  "e\u0301",
  "é",
  "=starts",
  "#hash.1",
  "%s",
  "\\",
  "\ufffd replacement",
  "\ufeffbom",
  "constructor",
  "1",
  "1.0",
  "01",
  "null",
  "a".repeat(5000),
  "CaSe",
  "case",
];

export const WHEN = "2024-01-31T23:59:59.123456+00:00";
export const WHEN_JS = "2024-01-31T23:59:59.123Z";

/** JSON texts of nodes as Python may have written them; `$id` stands for the id. */
export const STRANGE_NODES: readonly string[] = [
  '{"id": $id, "type": "solution", "title": "t", "content": "c", "tags": [], "importance": 1, "confidence": 1.0, "usage_count": 9007199254740993, "created_at": "2024-01-31T23:59:59.123456+00:00", "updated_at": "2024-02-29T00:00:00Z"}',
  '{"id": $id, "type": "workflow_action", "importance": 0.30000000000000004, "confidence": -0.0, "usage_count": -9223372036854775808}',
  '{"id": $id, "usage_count": 123456789012345678901234567890, "effectiveness": 1e400, "importance": 5e-324, "confidence": 1.7976931348623157e308}',
  '{"id": $id, "importance": NaN, "confidence": Infinity, "effectiveness": -Infinity}',
  '{"id": $id, "title": "\\ud800", "content": "\\udc00x\\ud83d", "tags": ["\\ud800"], "summary": "\\u0000"}',
  '{"id": $id, "title": null, "content": null, "tags": null, "importance": null, "context_languages": null}',
  '{"id": $id, "title": 1, "content": ["a"], "tags": "x", "importance": "0.5", "confidence": true, "usage_count": 1.0, "version": "1", "type": 5}',
  '{"id": $id, "tags": [1, 1.0, "1", [], {}, [[[]]], null, {"a": [null]}], "context_frameworks": "[]", "context_languages": [], "context_technologies": [[]], "context_files_involved": ["a", 1]}',
  '{"id": $id, "context_additional_metadata": "{}", "context_unknown": "x", "context_unknown_list": [], "context_": "empty", "context_context_x": 1, "context": "text", "context_project_path": "[not a list]", "context_git_branch": "{}", "context_user_id": "[\\"a\\"]"}',
  '{"id": $id, "context_additional_metadata": "{\\"a\\": 1, \\"b\\": 1.0, \\"c\\": NaN, \\"d\\": 9007199254740993, \\"a\\": 2}", "context_languages": "[\\"a\\", ", "context_frameworks": "[1] "}',
  '{"id": $id, "context_additional_metadata": {"real": {"object": [{}]}}, "context_timestamp": "yesterday", "created_at": "never", "updated_at": "", "last_accessed": "2024-13-01T00:00:00Z"}',
  '{"id": $id, "created_at": "2024-01-31T23:59:59.123456789+05:30", "updated_at": "2024-01-31 23:59:59", "last_accessed": "2024-01-31T23:59:59.1Z", "context_timestamp": "2024-01-31T23:59:59"}',
  '{"id": $id, "created_at": 1700000000, "updated_at": 1700000000.5, "last_accessed": false, "is_current": true, "superseded_by": "x"}',
  '{"id": $id, "a": 1, "a": 2, "": "empty name", "__proto__": {"x": 1}, "properties.id": "y", "properties.valid_from": "z", "labels": ["x"], "label": "L", "from_id": "f", "key": "=k"}',
  '{"title": "no id in the JSON"}',
  '{"id": "another id", "title": "the id disagrees"}',
  '{"id": 5, "title": "the id is a number"}',
  "{}",
  ' {\n"id" :\t$id , "title":"spaces"} ',
  '{"id": $id, "$type": "x", "only": {"$bytes": "00"}, "more": {"$map": {"$point": [1]}}, "dollar": {"$": 1}}',
];

export function pythonText(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The strange ids, the strange JSON, other labels, and relationships of every kind. */
export function fillNodes(database: Database, temporal = true): void {
  const node = database.prepare(
    "INSERT INTO nodes (id, label, properties, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
  );
  const put = (id: string, label: string, json: string) =>
    node.run(
      id,
      label,
      json.replaceAll("$id", () => pythonText(id)),
      "2024-05-01 10:00:00",
      null,
    );
  database.run("BEGIN");
  for (const id of STRANGE_IDS) put(id, "Memory", '{"id": $id, "title": "t"}');
  for (const [at, json] of STRANGE_NODES.entries()) put(`strange-${at}`, "Memory", json);
  put(
    "entity",
    "Entity",
    '{"id": $id, "text": "x", "type": "file", "created_at": "2024-01-31T23:59:59+00:00", "occurrence_count": 3}',
  );
  put("no label", "", "{}");
  put("label 'é\"🚀", "La'b\"el 🚀", '{"id": $id}');
  put("lower", "memory", '{"id": $id, "title": "not a memory"}');
  const columns = temporal ? ["valid_from", "valid_until", "recorded_at", "invalidated_by"] : [];
  const names = ["id", "from_id", "to_id", "rel_type", "properties", "created_at", ...columns];
  const relationship = database.prepare(`INSERT INTO relationships (${names}) VALUES (${names.map(() => "?")})`);
  let number = 0;
  const join = (
    from: string,
    to: string,
    type = "SOLVES",
    json = "{}",
    times: (string | null)[] = [WHEN, null, WHEN, null],
  ) => {
    const id = `r-${number++}`;
    relationship.run(id, from, to, type, json.replaceAll("$id", id), "2024-05-01 10:00:00", ...(temporal ? times : []));
  };
  for (const id of STRANGE_IDS) join(id, id);
  for (let parallel = 0; parallel < 3; parallel++) join("plain", "1", "SOLVES", '{"id": "$id", "strength": 0.5}');
  join("plain", "1", "solves");
  join("plain", "gone");
  join("gone", "gone too", "RELATED_TO", '{"id": "$id", "context": "dangling"}');
  join("entity", "plain", "MENTIONS");
  join("plain", "entity", "MENTIONS", '{"confidence": 1, "strength": 1.0}');
  join("lower", "no label", "");
  join("plain", "1", "type 'with\" 🚀\0", '{"id": "$id"}');
  join(
    "plain",
    "1",
    "DISAGREES",
    '{"valid_from": "2020-01-01T00:00:00+00:00", "valid_until": "2021-01-01T00:00:00+00:00", "recorded_at": "x", "invalidated_by": "r-0"}',
  );
  join(
    "plain",
    "1",
    "AGREES",
    '{"valid_from": "2024-01-31T23:59:59.123456Z", "recorded_at": "2024-01-31T23:59:59.123456+00:00"}',
  );
  join("plain", "1", "COLUMN_TIME", '{"valid_from": null}', [
    "2024-05-01 10:00:00",
    "2024-06-01 10:00:00",
    "not a time",
    "r-1",
  ]);
  join(
    "plain",
    "1",
    "NUMBERS",
    '{"strength": 1, "confidence": NaN, "evidence_count": 9007199254740993, "validation_count": 1.0, "success_rate": -0.0, "context": {"a": []}, "unknown": [[]], "context_x": "[]"}',
  );
  join("plain", "1", "OTHER_ID", '{"id": "somebody else", "from_id": "a", "to_id": "b", "rel_type": "c", "type": "d"}');
  join(
    "plain",
    "1",
    "TIMES",
    '{"valid_from": 5, "valid_until": true, "recorded_at": ["x"], "invalidated_by": {"a": 1}, "created_at": "2024-01-31T23:59:59+02:00", "last_validated": ""}',
  );
  database.run("COMMIT");
  node.finalize();
  relationship.finalize();
}

/** The `memories` layout has types of its own; SQLite keeps other ones in its columns all the same. */
export function fillMemories(database: Database): void {
  database.run("PRAGMA foreign_keys = OFF");
  const memory = database.prepare(
    "INSERT INTO memories (id, type, title, content, summary, tags, importance, confidence, effectiveness, usage_count, created_at, updated_at, last_accessed, version, updated_by, context) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );
  type Cell = string | number | bigint | null | Uint8Array;
  const put = (id: string, change: Record<string, Cell> = {}) => {
    const row: Record<string, Cell> = {
      type: "fix",
      title: "t",
      content: "",
      summary: null,
      tags: "[]",
      importance: 0.5,
      confidence: 0.8,
      effectiveness: null,
      usage_count: 0n,
      created_at: WHEN_JS,
      updated_at: WHEN_JS,
      last_accessed: null,
      version: 1n,
      updated_by: null,
      context: null,
      ...change,
    };
    memory.run(id, ...Object.values(row));
  };
  database.run("BEGIN");
  for (const id of STRANGE_IDS) put(id, { title: id });
  const changes: Record<string, Cell>[] = [
    {
      usage_count: 9007199254740993n,
      version: -(2n ** 63n),
      importance: 1,
      confidence: 0.30000000000000004,
      effectiveness: 5e-324,
    },
    {
      usage_count: 1.5,
      version: "two",
      importance: "high",
      confidence: Number.POSITIVE_INFINITY,
      effectiveness: Number.NEGATIVE_INFINITY,
    },
    { tags: '[1, 1.0, "1", [], {"a": null}, null, NaN]', context: "{}" },
    {
      tags: '[ "spaced" ,"\\u00e9\\ud800" ]',
      context: '{ "languages" : [ ] , "additional_metadata" : { "n" : [ 1.0 , 9007199254740993 , { } ] } }',
    },
    {
      context:
        '{"unknown":[],"unknown_text":"x","languages":"[]","frameworks":["[]"],"project_path":"[]","git_branch":["a"],"timestamp":"2024-01-31T23:59:59+01:00"}',
    },
    {
      context:
        '{"a":1,"a":2.0,"":"empty","context_x":1,"nul":null,"tenant_id":"","visibility":"private","additional_metadata":"{}"}',
    },
    { context: "null" },
    { created_at: "2024-01-31T23:59:59.123456789Z", updated_at: "2024-01-31T23:59:59+00:00", last_accessed: "never" },
    { created_at: "", updated_at: "x", last_accessed: "2024-02-30T00:00:00Z" },
    { title: "", content: "\0", summary: "\ufffd", updated_by: "" },
    { content: "x".repeat(1 << 20) },
  ];
  for (const [at, change] of changes.entries()) put(`strange-${at}`, change);
  const relationship = database.prepare(
    "INSERT INTO relationships (id, from_id, to_id, rel_type, strength, confidence, context, evidence_count, success_rate, created_at, last_validated, validation_count, counter_evidence_count, valid_from, valid_until, recorded_at, invalidated_by) VALUES (?, ?, ?, ?, ?, 0.8, ?, ?, ?, ?, ?, 0, 0, ?, NULL, ?, ?)",
  );
  let number = 0;
  const join = (
    from: string,
    to: string,
    type = "SOLVES",
    strength: Cell = 0.5,
    context: Cell = null,
    count: Cell = 1n,
    time: Cell = WHEN_JS,
    by: Cell = null,
  ) => relationship.run(`r-${number++}`, from, to, type, strength, context, count, null, time, time, time, time, by);
  for (const id of STRANGE_IDS) join(id, id);
  for (let parallel = 0; parallel < 3; parallel++) join("plain", "1");
  join("plain", "gone");
  join("gone", "gone too");
  join(
    "plain",
    "1",
    "type 'with\" 🚀\0",
    1,
    '{"text": 1}',
    9007199254740993n,
    "2024-01-31T23:59:59.123456+00:00",
    "r-0",
  );
  join("plain", "1", "", 1e300, "[]", 2.5, "no time", "nobody");
  join("plain", "1", "01", "strong", "", "many", "1", "1");
  database.run("COMMIT");
  memory.finalize();
  relationship.finalize();
}
