/**
 * Which backups stay: as restic means its --keep options. From the newest on, `last` keeps so many, and each of the others the newest
 * one of so many hours, days, weeks (ISO 8601), months or years that have one. Where fewer have one, the oldest of all is kept as well.
 * What any of them keeps, stays. Hours and days are those of UTC.
 */
export const PERIODS = ["last", "hourly", "daily", "weekly", "monthly", "yearly"] as const;
export type Period = (typeof PERIODS)[number];
/** How many of each; one that is left out keeps none. */
export type KeepPolicy = { readonly [Name in Period]?: number };

export interface Kept<T> {
  readonly item: T;
  /** What keeps it. */
  readonly by: readonly Period[];
}

/** The part of time that a backup is the newest of; no two share that of `last`. */
const PART_OF: Record<Period, (at: Date, position: number) => string> = {
  last: (_, position) => String(position),
  hourly: (at) => at.toISOString().slice(0, 13),
  daily: (at) => at.toISOString().slice(0, 10),
  weekly: isoWeek,
  monthly: (at) => at.toISOString().slice(0, 7),
  yearly: (at) => at.toISOString().slice(0, 4),
};

export function isEmptyPolicy(policy: KeepPolicy): boolean {
  return PERIODS.every((period) => policy[period] === undefined);
}

/** The newest first in both. An empty policy keeps everything. */
export function applyPolicy<T extends { readonly at: Date }>(
  items: readonly T[],
  policy: KeepPolicy,
): { readonly keep: readonly Kept<T>[]; readonly remove: readonly T[] } {
  const sorted = items.toSorted((a, b) => b.at.getTime() - a.at.getTime());
  if (isEmptyPolicy(policy)) return { keep: sorted.map((item) => ({ item, by: [] })), remove: [] };
  const counters = PERIODS.map((period) => ({ period, left: policy[period] ?? 0, part: "" }));
  const decided = sorted.map((item, position) => {
    const by = counters.flatMap((counter) => {
      const part = PART_OF[counter.period](item.at, position);
      const isOldest = position === sorted.length - 1;
      if (counter.left === 0 || (part === counter.part && !isOldest)) return [];
      counter.part = part;
      counter.left--;
      return [counter.period];
    });
    return { item, by };
  });
  return {
    keep: decided.filter(({ by }) => by.length > 0),
    remove: decided.filter(({ by }) => by.length === 0).map(({ item }) => item),
  };
}

/** `2026-W01`: the week belongs to the year that its Thursday is in. */
function isoWeek(at: Date): string {
  const thursday = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()));
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7));
  const year = thursday.getUTCFullYear();
  const days = (thursday.getTime() - Date.UTC(year, 0, 1)) / 86_400_000;
  return `${year}-W${String(Math.floor(days / 7) + 1).padStart(2, "0")}`;
}
