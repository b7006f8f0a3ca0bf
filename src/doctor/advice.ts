/** What a plan says in words, and what is to be done beside it. */
import { join } from "node:path";
import { BackendConfig, FILE_BACKENDS } from "../backends/config.ts";
import { RELEASES } from "../memorygraph/releases.ts";
import { inTurn, shellOf, shellQuote } from "../support/shell.ts";
import { inWords } from "../support/words.ts";
import type { Choice } from "./choose.ts";
import { bringCommands, passwordFrom, storeWords } from "./commands.ts";
import { wslDistributions } from "./elsewhere.ts";
import type { Seen } from "./look.ts";
import type { Machine } from "./machine.ts";
import type { Plan, Step } from "./plan.ts";

export interface Advice {
  readonly text: string;
  readonly command: string | null;
  /** Whether all cannot be well before it is done. */
  readonly pressing: boolean;
}

export function stepText(step: Step, { release }: Choice): string {
  if (step.kind === "set aside") {
    const [[from] = [""]] = step.files;
    return `Rename the store that MemoryGraph ${release} cannot use, ${from}:`;
  }
  const { from, gained, created, newest } = step;
  const memories = `${number(gained)} ${gained === 1 ? "memory" : "memories"}`;
  const others = `${number(created)} other ${created === 1 ? "record" : "records"}`;
  const what = gained > 0 ? memories : created > 0 ? others : "the later versions";
  const rule = newest && created > 0 ? ", and the later version of what both hold" : "";
  return `Bring over ${what} from ${from.path ?? from.uri ?? ""}${rule}:`;
}

export function adviceBeside(choice: Choice, plan: Plan, seen: readonly Seen[], machine: Machine): Advice[] {
  return [
    ...unopened(choice),
    ...losses(choice, plan, machine),
    ...unreadable(choice, plan, seen),
    ...unusable(choice, plan, seen, machine),
    ...astray(choice),
    ...notShown(choice, plan),
    ...otherRelease(choice, plan),
    ...nothingFound(plan, seen),
    ...unseen(machine),
  ];
}

function unopened({ config, location, next, release }: Choice): Advice[] {
  if (config !== null) return [];
  const text = `The configuration of MemoryGraph ${release} names a store that this program cannot open from here: ${location}. ${next ?? "Run this program where that is, or name another store in the configuration."} Then look again:`;
  return [{ text, command: "memorygraph-migrate doctor", pressing: true }];
}

/** What cannot come along is for a person to decide, since it could be what they look for. */
function losses(choice: Choice, { undecided }: Plan, { env, platform }: Machine): Advice[] {
  const shell = shellOf(env, platform);
  return undecided.map(({ bring, error }) => ({
    text: `${error.message} (${bring.from.path ?? bring.from.uri}). To bring over everything else:`,
    command: inTurn(bringCommands(bring, choice, shell, true), shell),
    pressing: true,
  }));
}

/** A store that is there and could not be looked at may hold memories. */
function unreadable({ location }: Choice, { readings }: Plan, seen: readonly Seen[]): Advice[] {
  return seen.flatMap(({ place, failure: early }) => {
    const failure = early ?? readings.get(place.location)?.failure ?? null;
    if (failure === null) return [];
    const own = place.location === location ? "MemoryGraph's own store could not be read" : "A store could not be read";
    return [
      {
        text: `${own}: ${failure.message}. ${failure.next} Then look again:`,
        command: "memorygraph-migrate doctor",
        pressing: true,
      },
    ];
  });
}

/** A server cannot be set aside. */
function unusable(choice: Choice, { memoriesNow }: Plan, seen: readonly Seen[], machine: Machine): Advice[] {
  const { config, location, release } = choice;
  const current = seen.find(({ place }) => place.location === location);
  if (config === null || FILE_BACKENDS.has(config.type) || current?.description == null) return [];
  if (current.description.readableBy.includes(release) || memoriesNow === 0) return [];
  const text = `MemoryGraph ${release} does not show all that is in ${location}, which another release wrote, and a server is not rewritten in place. This makes a file that it shows; name that in its configuration, or copy it on to an empty server:`;
  const to = new BackendConfig({ type: "sqlite", path: join(machine.home, `memory-for-${release}.db`) });
  const bring = { kind: "bring", from: config, to, release, newest: false, folder: null } as const;
  const shell = shellOf(machine.env, machine.platform);
  return [{ text, command: inTurn(bringCommands(bring, choice, shell), shell), pressing: true }];
}

/** Clients that open another store are the person's to configure: their files are theirs. */
function astray({ astray: others, location }: Choice): Advice[] {
  return others.map(({ setup, location: own }) => ({
    text: `${setup.client.title} (${setup.file}, server ${setup.name}) opens ${own}, not ${location}. Give both the same variables there, or they will not share their memories.`,
    command: null,
    pressing: true,
  }));
}

/** Where they are is right; what is in them is for a person to mend. */
function notShown(choice: Choice, { readings }: Plan): Advice[] {
  const { config, location, release } = choice;
  const current = readings.get(location);
  const count = current?.change?.notShown ?? 0;
  if (config === null || current?.standing !== "current" || count === 0) return [];
  const words = [
    "memorygraph-migrate",
    "inspect",
    ...storeWords("from", config),
    ...passwordFrom("from", config, choice),
  ].map(shellQuote);
  const what = `${number(count)} ${count === 1 ? "memory" : "memories"}`;
  return [
    {
      text: `MemoryGraph ${release} will not show ${what} of these; this says which, and why:`,
      command: words.join(" "),
      pressing: false,
    },
  ];
}

/** Who upgraded in a way that leaves no trace here would be told that all is well. */
function otherRelease({ isKnown, release, openings }: Choice, { memoriesNow }: Plan): Advice[] {
  const others = RELEASES.slice(RELEASES.indexOf(release) + 1);
  if (isKnown || openings.length > 0 || memoriesNow === 0 || others.length === 0) return [];
  return [
    {
      text: `No installed MemoryGraph was found. If you use ${inWords(others).replace(/ and (?=[^ ]+$)/, " or ")}, say so:`,
      command: `memorygraph-migrate doctor --for ${others[0]}`,
      pressing: false,
    },
  ];
}

function nothingFound({ memoriesNow, readings }: Plan, seen: readonly Seen[]): Advice[] {
  const any = memoriesNow > 0 || [...readings.values()].some(({ memories }) => memories > 0);
  if (any || seen.some(({ failure }) => failure !== null)) return [];
  return [
    {
      text: "No memories were found. If there should be some and you know a file, look at it:",
      command: "memorygraph-migrate inspect --from-path FILE",
      pressing: false,
    },
  ];
}

/** A distribution that is looked into starts: that is for the person to do. */
function unseen(machine: Machine): Advice[] {
  const names = wslDistributions(machine);
  if (names.length === 0) return [];
  return [
    {
      text: `Stores in WSL are not looked at from here, and it is on this machine: ${inWords(names)}. If you use MemoryGraph there, run the Linux version of this program in it:`,
      command: "wsl -- memorygraph-migrate doctor",
      pressing: false,
    },
  ];
}

function number(count: number): string {
  return count.toLocaleString("en-US");
}
