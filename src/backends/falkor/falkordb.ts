/** The FalkorDB server backend. */
import type { Backend } from "../backend.ts";
import { serverBackend } from "../server/backend.ts";
import { openFalkor } from "./falkor-server.ts";

export const falkordb: Backend = serverBackend("falkordb", openFalkor, [
  "map",
  "list with null",
  "large integer",
  "bytes",
  "NUL",
  "lone surrogate",
  "backtick",
  "time with offset",
  "zoned date-time",
  "fraction",
  "nanoseconds",
  "calendar duration",
  "point",
  "dangling relationship",
]);
