/** The first TypeScript line, 0.13: read off stores that 0.13.0 wrote, and off its public sources. */
import { memoriesLayout } from "../layouts/memories.ts";
import { MEMORY_TYPES, release as python, RELATIONSHIP_TYPES, VISIBILITIES } from "./0.12.ts";
import type { FieldRule, ReleaseLine } from "./release.ts";

const UTC_TEXT = /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z$/;

/** Lengths are counted as JavaScript does. */
const SHOWS: readonly FieldRule[] = [
  { field: "type", kind: "word", words: MEMORY_TYPES, required: true },
  { field: "title", kind: "text", min: 1, max: 200, unit: "UTF-16", required: true },
  { field: "content", kind: "text", min: 1, unit: "UTF-16", required: true },
  { field: "summary", kind: "text", max: 500, unit: "UTF-16" },
  { field: "tags", kind: "texts" },
  { field: "importance", kind: "number", min: 0, max: 1 },
  { field: "confidence", kind: "number", min: 0, max: 1 },
  { field: "effectiveness", kind: "number", min: 0, max: 1 },
  { field: "version", kind: "number", min: 1, whole: true },
  { field: "created_at", kind: "time", required: true },
  { field: "updated_at", kind: "time", required: true },
  { field: "last_accessed", kind: "time" },
  { field: "context_timestamp", kind: "time" },
  { field: "context_visibility", kind: "word", words: VISIBILITIES },
];

export const release: ReleaseLine = {
  name: "0.13",
  times: { accepts: UTC_TEXT, reads: UTC_TEXT, zone: "Z", digits: 3, whenWhole: true },
  nativeTimes: null,
  renamed: {},
  memoryTypes: MEMORY_TYPES,
  relationshipTypes: RELATIONSHIP_TYPES,
  shows: SHOWS,
  sqlite: { layout: memoriesLayout, search: null },
  liteForm: "directory",
  demandsUniqueIds: [],
  // It looks for its files where 0.12 does, and opens another kind by default.
  backends: { ...python.backends, byDefault: "falkordblite", auto: { candidates: [], otherwise: "falkordblite" } },
};
