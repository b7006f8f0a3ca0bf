/** 0.100 (September 2026): as 0.14 in everything that a store shows; its exports have more fields. Read in its sources. */
import { release as before } from "./0.14.ts";
import type { ReleaseLine } from "./release.ts";

export const release: ReleaseLine = { ...before, name: "0.100" };
