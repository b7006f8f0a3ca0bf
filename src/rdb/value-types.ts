/** The types of a property's value, as FalkorDB numbers them: one bit each. */
export const TYPE = {
  array: 1 << 3,
  localdatetime: 1 << 5,
  date: 1 << 7,
  localtime: 1 << 8,
  duration: 1 << 10,
  string: 1 << 11,
  boolean: 1 << 12,
  integer: 1 << 13,
  double: 1 << 14,
  null: 1 << 15,
  point: 1 << 17,
  vector: 1 << 18,
  /** A text that the engine keeps once; otherwise like any. */
  internedString: (1 << 19) | (1 << 11),
} as const;

export const WGS84 = 4326;
/** Lists within lists: far more than anybody writes, and far less than what a stack can hold. */
export const DEEPEST = 1_000;
