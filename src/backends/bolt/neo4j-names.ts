/** Names in statements for Neo4j. */

/**
 * Neo4j replaces `\u0060` by the character even within a quoted name, before it reads the statement; but not where
 * another backslash stands before it. So there is none but those of our own.
 */
export function quoteNeo4j(name: string): string {
  return `\`${name.replaceAll("\\", "\\u005C").replaceAll("`", "``")}\``;
}
