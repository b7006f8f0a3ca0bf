/** "Did you mean ...?" */

/**
 * The candidate that was probably meant, or undefined when none is near. A whole word of a candidate counts as near:
 * `--verify` finds `--no-verify`, `--dry` finds `--dry-run`.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const wanted = word.toLowerCase();
  const bare = wanted.replace(/^-+/, "");
  if (bare.length < 3) return undefined;
  let best: string | undefined;
  let bestDistance = Math.floor(bare.length / 3) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  if (best !== undefined) return best;
  return candidates.find((candidate) => candidate.endsWith(`-${bare}`) || candidate.startsWith(`${wanted}-`));
}

/** Levenshtein: the fewest letters to insert, drop or replace. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
