/** What the first byte of an item of a dump says; any other is the type of a key's value. */
export const OPCODE = {
  template: 242,
  /** In Valkey's dumps: a slot that is being moved. */
  keyMetadata: 243,
  slotInfo: 244,
  functions: 245,
  oldFunctions: 246,
  moduleAux: 247,
  idle: 248,
  frequency: 249,
  field: 250,
  resize: 251,
  expiryMilliseconds: 252,
  expirySeconds: 253,
  selectDb: 254,
  end: 255,
} as const;
