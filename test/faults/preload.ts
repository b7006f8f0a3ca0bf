/**
 * Loaded before the program by the failure tests. STOP_AT=MOMENT#N kills it when it comes to that moment the Nth time,
 * PAUSE_AT=MOMENT#N makes it stand still there. PATIENCE is JSON with the limits that it waits by, in milliseconds.
 */
import { onFailpoint } from "../../src/support/failpoint.ts";
import { shortenPatience } from "../../src/support/patience.ts";

if (Bun.env.PATIENCE) shortenPatience(JSON.parse(Bun.env.PATIENCE));

const signals = { STOP_AT: "SIGKILL", PAUSE_AT: "SIGSTOP" } as const;
const seen = new Map<string, number>();
onFailpoint((moment) => {
  const number = (seen.get(moment) ?? 0) + 1;
  seen.set(moment, number);
  for (const [variable, signal] of Object.entries(signals)) {
    if (Bun.env[variable] === `${moment}#${number}`) process.kill(process.pid, signal);
  }
});
