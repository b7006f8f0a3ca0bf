/**
 * Which nodes are memories. Every release gives each of its memories an id; other programs use the same label for nodes of
 * their own, which have none (mcp-neo4j-memory names them by `name`). Those are copied like any node, and never shown.
 */
import type { GraphNode, GraphRecord } from "../graph/record.ts";
import { MEMORY_LABEL } from "./fields.ts";

function hasLabel(record: GraphRecord): record is GraphNode {
  return record.kind === "node" && record.labels.includes(MEMORY_LABEL);
}

export function isMemory(record: GraphRecord): record is GraphNode {
  return hasLabel(record) && record.properties.get("id") !== null;
}

/** A node with the label of memories that is another program's. */
export function isForeignMemory(record: GraphRecord): record is GraphNode {
  return hasLabel(record) && record.properties.get("id") === null;
}

/** What such nodes are, in a note. */
export const FOREIGN_MEMORIES =
  "nodes labelled Memory without an id: another program made them (mcp-neo4j-memory does); they are copied, and no MemoryGraph release shows them";
