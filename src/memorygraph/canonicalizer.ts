/** The canonical form with MemoryGraph's meaning of fields: one for the whole program, since it caches per shape. */
import { Canonicalizer } from "../graph/canonical.ts";
import { meaningOf } from "./fields.ts";

export const canonicalizer = new Canonicalizer(meaningOf);
