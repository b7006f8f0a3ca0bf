/** Loaded before the program by the failure tests: STOP_AT=MOMENT#N kills it when it comes to that moment the Nth time. */
import { onMoment } from "../../src/support/moments.ts";

const [name, number] = (Bun.env.STOP_AT ?? "").split("#");
let seen = 0;
onMoment((moment) => {
  if (moment !== name) return;
  seen++;
  if (seen === Number(number)) process.kill(process.pid, "SIGKILL");
});
