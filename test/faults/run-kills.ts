/**
 * The long mode: `bun test/faults/run-kills.ts [ROUNDS] [SEED]` kills the program so often on every kind of target that is
 * there, and prints the figures. Starts and stops its own servers.
 */
import { stopServers } from "../support/servers.ts";
import { killRounds } from "./kills.ts";
import { allTargets } from "./targets.ts";

const [rounds = "70", seed = "1"] = process.argv.slice(2);
const only = Bun.env.FAULT_TARGETS;
console.log("target | kills | resumed | rolled back | too late | problems");
let problems = 0;
try {
  for (const open of await allTargets()) {
    const target = await open();
    try {
      if (only !== undefined && !target.name.includes(only)) continue;
      const figures = await killRounds(target, Number(seed), Number(rounds));
      const { kills, resumed, rolledBack, late } = figures;
      console.log([target.name, kills, resumed, rolledBack, late, figures.problems.length].join(" | "));
      for (const problem of figures.problems) console.log(problem);
      problems += figures.problems.length;
    } finally {
      await target.close();
    }
  }
} finally {
  await stopServers();
}
process.exitCode = problems === 0 ? 0 : 1;
