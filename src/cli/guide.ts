/**
 * For somebody who typed only the program's name, on a terminal: what was found, and what fits. Every offer ends in one of
 * the commands, with its own plan and its own question, and says what to type the next time.
 */
import { existsSync, statSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { createConsola } from "consola";
import { BackendConfig, type BackendType } from "../backends/config.ts";
import { BACKENDS, descriptorOf } from "../backends/descriptors.ts";
import { loadBackend } from "../backends/registry.ts";
import { storeWords } from "../doctor/commands.ts";
import { type Examination, examine } from "../doctor/diagnose.ts";
import { machineOf } from "../doctor/machine.ts";
import type { FoundStore } from "../doctor/models.ts";
import { MigrateError } from "../errors.ts";
import type { RunRegistry } from "../journal/registry.ts";
import { RELEASES } from "../memorygraph/releases.ts";
import { listRuns } from "../operations/runs.ts";
import { counted } from "../support/count.ts";
import { shellQuote } from "../support/shell.ts";
import { PROGRAM } from "./commands.ts";
import { printable } from "./printable.ts";
import { askLine, askSecret, type PromptOptions } from "./prompt.ts";
import { diagnosisHeadline } from "./reports/doctor.ts";
import { registryOf } from "./state.ts";
import { paragraph, widthOf } from "./text.ts";

/** Runs the program with these arguments, and gives its exit code. */
export type Dispatch = (argv: readonly string[]) => Promise<number>;

interface Offer {
  readonly label: string;
  /** The arguments of the command that does it. */
  readonly choose: () => Promise<readonly string[]>;
  /** Whether the command shows what it would do, and asks, by itself. */
  readonly asks: boolean;
}

/** A signal, Ctrl-C or the end of the input ends a question by this. */
class Cancelled extends Error {}

const CANCELLED = 130;

export async function guide(dispatch: Dispatch): Promise<number> {
  const guiding = new Guide(dispatch);
  try {
    return await guiding.run();
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
    say("Nothing was changed.");
    return CANCELLED;
  }
}

class Guide {
  readonly #dispatch: Dispatch;
  readonly #consola = createConsola({ stdout: process.stdout, stderr: process.stderr });

  constructor(dispatch: Dispatch) {
    this.#dispatch = dispatch;
  }

  async run(): Promise<number> {
    const registry = registryOf(undefined, process.env);
    const machine = machineOf(process.env, process.platform, process.cwd());
    const examination = await examine(machine, { runs: registry.list() });
    const { diagnosis } = examination;
    const holding = diagnosis.stores.filter(({ memories }) => (memories ?? 0) > 0);
    say(diagnosisHeadline(diagnosis));
    say(`It opens ${diagnosis.current.location}: ${diagnosis.current.reason}.`);
    say(`Stores with memories: ${holding.length}. "${PROGRAM} doctor" lists them, "${PROGRAM} --help" all commands.`);
    // A server wants its password each time; its memories are brought by commands that name it.
    const files = holding.filter(({ backend }) => backend !== null && descriptorOf(backend).server === null);
    const offers = [...(await this.#offers(examination, files, registry)), LEAVE];
    const chosen =
      offers[
        await this.#select(
          "What do you want to do?",
          offers.map(({ label }) => label),
        )
      ]!;
    const argv = await chosen.choose();
    if (argv.length === 0) return 0;
    if (!chosen.asks && !(await this.#isConfirmed(argv))) throw new Cancelled();
    const code = await this.#dispatch(argv);
    process.stdout.write("\n");
    say(`The same again: ${[PROGRAM, ...argv].map(shellQuote).join(" ")}`);
    return code;
  }

  async #offers({ diagnosis }: Examination, holding: readonly FoundStore[], registry: RunRegistry): Promise<Offer[]> {
    const offers: Offer[] = [];
    const steps = diagnosis.plan.length;
    if (steps > 0) {
      const label = `Bring all memories together in ${diagnosis.current.location} (${counted(steps, "step")})`;
      offers.push({ label, choose: async () => ["doctor", "--fix"], asks: true });
    }
    if (holding.length > 0) {
      offers.push({
        label: "Write a store for another MemoryGraph release",
        choose: () => this.#upgrade(holding),
        asks: false,
      });
      offers.push({ label: "Copy a store to a server", choose: () => this.#copyToServer(holding), asks: false });
    }
    if (holding.length > 1) {
      offers.push({ label: "Compare two stores", choose: () => this.#compare(holding), asks: true });
    }
    const runs = (await listRuns(registry, undefined)).filter(({ can }) => can.includes("rollback"));
    if (runs.length > 0) {
      const choose = async () => {
        const names = runs.map(
          ({ id, started, target }) => `${id}, ${started.slice(0, 16).replace("T", " ")}, on ${target}`,
        );
        return ["rollback", runs[await this.#select("Which run?", names)]!.id];
      };
      offers.push({ label: "Undo a run of this program", choose, asks: true });
    }
    return offers;
  }

  async #upgrade(holding: readonly FoundStore[]): Promise<string[]> {
    const store = await this.#store("Which store?", holding);
    const release = RELEASES[await this.#select("For which MemoryGraph?", RELEASES)]!;
    const [stem, extension] = [
      store.location.slice(0, -extname(store.location).length || undefined),
      extname(store.location),
    ];
    const free = join(dirname(stem), `${basename(stem)}-${release}${extension || ".db"}`);
    const path = await this.#text("The new file", existsSync(free) ? "" : free, newFileProblem);
    return ["migrate", ...wordsOf(store), "--to", "sqlite", "--to-path", resolve(path), "--for", release];
  }

  async #copyToServer(holding: readonly FoundStore[]): Promise<string[]> {
    const store = await this.#store("Which store?", holding);
    const kinds = BACKENDS.filter(({ server, capabilities }) => server !== null && capabilities.target !== "none");
    const kind =
      kinds[
        await this.#select(
          "To which kind of server?",
          kinds.map(({ title }) => title),
        )
      ]!.type;
    const target = await this.#server(kind);
    if (target.password !== undefined) process.env.MEMORYGRAPH_TO_PASSWORD = target.password;
    return ["migrate", ...wordsOf(store), ...storeWords("to", target)];
  }

  async #compare(holding: readonly FoundStore[]): Promise<string[]> {
    const first = await this.#store("Which store?", holding);
    const second = await this.#store(
      "With which other one?",
      holding.filter((store) => store !== first),
    );
    return ["verify", ...wordsOf(first), ...storeWords("to", configOf(second))];
  }

  /** Asked again until it answers. */
  async #server(type: BackendType): Promise<BackendConfig> {
    const { server, takes } = descriptorOf(type);
    const example = `${server!.schemes[0]}://localhost:${server!.port}`;
    for (;;) {
      const uri = await this.#text("Its address", example, (text) => addressProblem(text, example));
      const username = takes.includes("username") ? await this.#text("User (empty for none)", "", () => null) : "";
      const password = await this.#untilCancelled((options) => askSecret("Password (empty for none): ", options));
      const config = new BackendConfig({
        ...{ type, uri },
        ...(username !== "" && { username }),
        ...(password !== "" && { password }),
      });
      const problem = await problemOf(config);
      if (problem === null) return config;
      say(problem);
    }
  }

  /** The plan first, by a dry run. */
  async #isConfirmed(argv: readonly string[]): Promise<boolean> {
    if ((await this.#dispatch([...argv, "--dry-run"])) !== 0) return false;
    return (await this.#select("Do it?", ["Yes", "No, leave everything as it is"])) === 0;
  }

  async #store(question: string, stores: readonly FoundStore[]): Promise<FoundStore> {
    const names = stores.map(
      ({ location, memories }) => `${location} (${counted(memories ?? 0, "memory", "memories")})`,
    );
    return stores[await this.#select(question, names)]!;
  }

  async #select(question: string, labels: readonly string[]): Promise<number> {
    const options = labels.map((label, at) => ({ label: printable(label), value: String(at) }));
    const chosen = await this.#ask(() => this.#consola.prompt(question, { type: "select", options, cancel: "reject" }));
    return Number(chosen);
  }

  async #text(question: string, otherwise: string, problem: (text: string) => string | null): Promise<string> {
    for (;;) {
      const answer = await this.#untilCancelled((options) => askLine(question, otherwise, options));
      if (answer === null) {
        process.stderr.write("\n");
        throw new Cancelled();
      }
      const wrong = problem(answer);
      if (wrong === null) return answer;
      say(wrong);
    }
  }

  /** What is typed in lines is ended by the signal that Ctrl-C sends. */
  async #untilCancelled<T>(ask: (options: PromptOptions) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const onSignal = () => controller.abort(new Cancelled());
    process.once("SIGINT", onSignal);
    try {
      return await ask({ signal: controller.signal, beforeLine: () => {} });
    } finally {
      process.off("SIGINT", onSignal);
    }
  }

  async #ask<T>(prompt: () => Promise<T>): Promise<T> {
    try {
      return await prompt();
    } catch (cause) {
      // What the prompt throws at Ctrl-C is an error like any other but for its name.
      if (cause instanceof Error && cause.name === "ConsolaPromptCancelledError") throw new Cancelled("", { cause });
      throw cause;
    }
  }
}

const LEAVE: Offer = { label: "Nothing, leave everything as it is", choose: async () => [], asks: true };

function say(text: string): void {
  process.stdout.write(`${paragraph(printable(text), widthOf(process.stdout), "").join("\n")}\n`);
}

function configOf({ backend, location }: FoundStore): BackendConfig {
  const type = backend!;
  return new BackendConfig(descriptorOf(type).server === null ? { type, path: location } : { type, uri: location });
}

function wordsOf(store: FoundStore): string[] {
  return storeWords("from", configOf(store));
}

function addressProblem(text: string, example: string): string | null {
  if (!text.includes("://")) return `Write it as ${example}`;
  return text.includes("@") ? "Leave user and password out of it: they are asked for next." : null;
}

function newFileProblem(path: string): string | null {
  if (path === "") return "A name is needed.";
  if (existsSync(path)) return `${path} already exists: choose another name, so that nothing of it changes.`;
  const folder = dirname(resolve(path));
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true
    ? null
    : `The folder ${folder} does not exist.`;
}

/** Null for a server that lets us in. */
async function problemOf(config: BackendConfig): Promise<string | null> {
  try {
    await (await (await loadBackend(config)).openForReading(config, { maybeMissing: true })).close();
    return null;
  } catch (error) {
    if (!(error instanceof MigrateError)) throw error;
    return `${error.message}. ${error.next}`;
  }
}
