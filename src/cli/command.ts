/**
 * The contract of a command. To add one: a file in commands/ that exports a Command, its options in args.ts, a line in
 * commands.ts. What a command can go wrong with is thrown as a MigrateError; the frame prints it and sets the exit code.
 */
import type { ArgsDef } from "citty";
import type { Difference } from "../operations/models.ts";
import type { Colour } from "./colour.ts";
import type { Log } from "./log.ts";
import type { ProgressEvent } from "./progress.ts";
import type { Values } from "./strict.ts";

export interface Example {
  /** What it does, as a person would say it. */
  readonly what: string;
  /** What to type after `memorygraph-migrate`. */
  readonly type: string;
}

export interface Command<Options = unknown> {
  readonly meta: { readonly name: string; readonly description: string; readonly examples: readonly Example[] };
  readonly args: ArgsDef;
  /** @throws UsageError when the values contradict each other or one of them is not valid */
  parse(values: Values): Options;
  /** @throws MigrateError for everything that a person can act on */
  run(options: Options, context: CommandContext): Promise<void>;
}

export interface CommandContext {
  /** The result, on standard output; nothing else may go there. Text of a store goes through `printable` first. */
  write(text: string): void;
  /** One line each, on standard error. */
  readonly log: Log;
  /** For what `write` prints. */
  readonly colour: Colour;
  /** Columns for text on standard output, 60 to 100. */
  readonly width: number;
  /** Text of a report, wrapped where standard output is a terminal; in a pipe its lines stay whole, to be searched. */
  readonly tell: (text: string) => void;
  /** The exit code where nothing fails, and yet not all is as it should be. */
  readonly leave: (code: number) => void;
  readonly progress: (event: ProgressEvent) => void;
  /** Returns when the person said yes; absent with --yes. @throws RefusedError otherwise, also when nobody can be asked */
  readonly confirm: ((question: string, about?: readonly Difference[]) => Promise<void>) | undefined;
  /** Returns when the person typed the name, or gave it with the command. @throws RefusedError otherwise */
  readonly confirmName: (question: string, name: string, given: string | undefined) => Promise<void>;
  /** Reads a secret without showing it; absent where nobody can be asked. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** Aborted by the first signal; its reason is an InterruptedError. */
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}
