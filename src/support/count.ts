/** Numbers as a person reads them, with the noun that agrees. */

/** `12,345` */
export function thousands(count: number): string {
  return count.toLocaleString("en-US");
}

/** `1 memory`, `2,000 memories`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${thousands(count)} ${count === 1 ? one : many}`;
}
