/** The program on a terminal of its own, as a person has it. */
import type { TemporaryFolder } from "../support/folder.ts";
import { environment, PROGRAM } from "./program.ts";

export type Answer = readonly [after: string, keys: string];

interface Terminal {
  readonly env?: Record<string, string>;
  readonly columns?: number;
  readonly rows?: number;
}

/** Types each answer once the text before it is on the screen. @returns `left` what was never asked for */
export async function typed(
  folder: TemporaryFolder,
  args: readonly string[],
  answers: readonly Answer[],
  { env = {}, columns = 100, rows = 50 }: Terminal = {},
) {
  const decoder = new TextDecoder();
  let screen = "";
  let from = 0;
  const left = [...answers];
  const child = Bun.spawn([...PROGRAM, ...args], {
    cwd: folder.path,
    env: environment(folder, { TERM: "xterm", ...env }),
    terminal: {
      cols: columns,
      rows,
      data(terminal, data) {
        screen += decoder.decode(data, { stream: true });
        const next = left[0];
        if (next === undefined || !screen.slice(from).includes(next[0])) return;
        from = screen.length;
        left.shift();
        // The prompt reads keys from the next turn on.
        setTimeout(() => terminal.write(next[1]), 60);
      },
    },
  });
  const code = await child.exited;
  await Bun.sleep(20);
  child.terminal?.close();
  return { code, screen, left };
}

/** Types `answer` once `question` stands there. */
export function onTerminal(
  folder: TemporaryFolder,
  args: readonly string[],
  answer: string,
  env: Record<string, string> = {},
  question = "[y/N]",
  columns = 120,
) {
  return typed(folder, args, [[question, answer]], { env, columns, rows: 24 });
}
