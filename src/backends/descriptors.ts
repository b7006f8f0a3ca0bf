/** The only list of backends. A new one is a folder and a line here; MemoryGraph's default comes first. */
import { archiveDescriptor } from "./archive/descriptor.ts";
import { memgraphDescriptor, neo4jDescriptor } from "./bolt/descriptor.ts";
import type { BackendDescriptor } from "./descriptor.ts";
import {
  cypherDescriptor,
  graphmlDescriptor,
  jsonDescriptor,
  markdownDescriptor,
  mcpDescriptor,
} from "./exchange/descriptor.ts";
import { falkordbDescriptor, falkordbliteDescriptor } from "./falkor/descriptor.ts";
import { sqliteDescriptor } from "./sqlite/descriptor.ts";

export const BACKENDS = [
  sqliteDescriptor,
  falkordbliteDescriptor,
  neo4jDescriptor,
  memgraphDescriptor,
  falkordbDescriptor,
  archiveDescriptor,
  jsonDescriptor,
  mcpDescriptor,
  graphmlDescriptor,
  cypherDescriptor,
  markdownDescriptor,
] as const;

export type BackendType = (typeof BACKENDS)[number]["type"];

export const BACKEND_TYPES: readonly BackendType[] = BACKENDS.map(({ type }) => type);
/** Those that can be written to. */
export const TARGET_TYPES: readonly BackendType[] = BACKENDS.filter(
  ({ capabilities }) => capabilities.target !== "none",
).map(({ type }) => type);
/** Those whose store is named by a path; the others have an address. */
export const FILE_BACKENDS: ReadonlySet<BackendType> = new Set(
  BACKENDS.filter(({ server }) => server === null).map(({ type }) => type),
);
/** What MemoryGraph uses where MEMORY_BACKEND is not set. */
export const DEFAULT_TYPE: BackendType = BACKENDS[0].type;

const BY_TYPE: ReadonlyMap<string, BackendDescriptor<BackendType>> = new Map(
  BACKENDS.map((descriptor) => [descriptor.type, descriptor] as const),
);

/** The descriptor of a kind; every kind has one. */
export function descriptorOf(type: BackendType): BackendDescriptor<BackendType> {
  return BY_TYPE.get(type)!;
}

/** The kind that a word names, whatever its case; undefined for a word that names none. */
export function typeNamed(word: string): BackendType | undefined {
  return BY_TYPE.get(word.toLowerCase())?.type;
}

/** The kind whose files have names that end as this path does; undefined where that tells nothing. */
export function typeOfName(path: string): BackendType | undefined {
  return [...BY_TYPE.values()].find(({ suffixes }) => suffixes?.some((suffix) => path.toLowerCase().endsWith(suffix)))
    ?.type;
}

/** The kinds whose addresses have this scheme, as in `redis://host`. */
export function typesOfScheme(scheme: string): readonly BackendType[] {
  return BACKENDS.filter(({ server }) => server?.schemes.includes(scheme.toLowerCase())).map(({ type }) => type);
}
