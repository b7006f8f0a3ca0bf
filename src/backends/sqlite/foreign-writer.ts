/**
 * Whether another engine writes to a target while it is changed here. Some keep to none of SQLite's locks, and raise no
 * counter: what shows is the header, the size, and the files that they make beside it.
 */
import { existsSync, realpathSync, statSync } from "node:fs";
import { BusyError } from "../../errors.ts";
import { WRITE_AHEAD_LOG } from "../../sqlite-file/header.ts";
import { headerBytes, headerOf } from "./kind.ts";

/** Files that SQLite never makes. */
const OTHERS = ["-log", "-tshm", "-info", "-changes"] as const;

/** For the time of a transaction of ours on the file. */
export class ForeignWriterGuard {
  readonly #path: string;
  readonly #real: string;
  readonly #before: string;
  readonly #size: number;

  /** @param path of a file on which a transaction has begun: from now on nobody else may change what is looked at */
  constructor(path: string) {
    this.#path = path;
    this.#real = realpathSync(path);
    this.#size = statSync(this.#real).size;
    this.#before = this.#state();
  }

  /** @throws BusyError */
  check(): void {
    if (statSync(this.#real).size >= this.#size && this.#state() === this.#before) return;
    throw new BusyError(`another program wrote to ${this.#path} during this run; the run was rolled back`, {
      next: "Close the application that has it open (other engines may ignore SQLite's locks), then run the same command again.",
    });
  }

  /** In a rollback journal's mode the header is ours until the commit; a log may be moved over by readers meanwhile. */
  #state(): string {
    if (this.#size === 0) return "";
    const isLogged = headerOf(this.#real)?.writeVersion === WRITE_AHEAD_LOG;
    const header = headerBytes(this.#real);
    const beside = [...OTHERS, ...(isLogged ? [] : ["-wal"])].map((suffix) => existsSync(this.#real + suffix));
    return [isLogged ? header.substring(0, 4) : header, ...beside].join();
  }
}
