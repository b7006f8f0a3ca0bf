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

/**
 * The fewest letters to insert, drop or replace. Two letters in the wrong order are the likeliest slip, and cost less
 * than one that is missing: `--form` is `--from` rather than `--for`.
 */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwapped ? before[j - 2]! + 0.9 : Number.POSITIVE_INFINITY;
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1, swapped));
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}
