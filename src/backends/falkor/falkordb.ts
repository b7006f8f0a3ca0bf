/** The FalkorDB server backend. */
import type { Backend } from "../backend.ts";
import { serverBackend } from "../server/backend.ts";
import { openFalkor } from "./falkor-server.ts";

export const falkordb: Backend = serverBackend("falkordb", openFalkor);
