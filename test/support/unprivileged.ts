/**
 * A shell line as somebody whom file modes bind. Root they do not bind, so root gives up that power and stays root: another
 * user may not even reach the checkout, whose home can be closed to all others.
 */
export function boundByModes(line: string): string[] {
  const shell = ["sh", "-c", line];
  if (process.getuid?.() !== 0) return shell;
  return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", ...shell];
}
