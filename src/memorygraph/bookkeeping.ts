/**
 * What MemoryGraph writes on records by itself, as it is used: recording an outcome, reinforcing a relationship, mentioning an
 * entity, decay. A record that differs only in these is still the record that somebody wrote.
 *
 * Read in MemoryGraph 0.12.4: proactive/outcome_learning.py, relationships.py (reinforce_relationship_properties),
 * intelligence/entity_extraction.py, integration/workflow_tracking.py.
 */
const BOOKKEEPING: ReadonlySet<string> = new Set([
  "usage_count",
  "last_accessed",
  "effectiveness",
  "confidence",
  "occurrence_count",
  "last_seen",
  "last_activity",
  "last_decayed",
  "strength",
  "evidence_count",
  "counter_evidence_count",
  "success_rate",
  "validation_count",
  "last_validated",
]);

/** Whether the application changes the property by itself, on nodes or relationships. */
export function isBookkeeping(property: string): boolean {
  return BOOKKEEPING.has(property);
}
