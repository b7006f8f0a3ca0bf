/** The program on a terminal, as a person has it. */
import type { TemporaryFolder } from "../support/folder.ts";
import { environment, PROGRAM } from "./program.ts";

/** Runs on a terminal of its own, and types `answer` once `question` stands there. */
export async function onTerminal(
  folder: TemporaryFolder,
  args: readonly string[],
  answer: string,
  env: Record<string, string> = {},
  question = "[y/N]",
  columns = 120,
) {
  const decoder = new TextDecoder();
  let screen = "";
  let answered = false;
  const child = Bun.spawn([...PROGRAM, ...args], {
    cwd: folder.path,
    env: environment(folder, { TERM: "xterm", ...env }),
    terminal: {
      cols: columns,
      rows: 24,
      data(terminal, data) {
        screen += decoder.decode(data, { stream: true });
        if (answered || !screen.includes(question)) return;
        answered = true;
        terminal.write(answer);
      },
    },
  });
  const code = await child.exited;
  await Bun.sleep(20);
  child.terminal?.close();
  return { code, screen };
}
