/** The fact in the journal of a run that its undoing has changed the target already. */
export const UNDOING = "undoing";
