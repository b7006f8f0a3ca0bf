/** Names of notes: for people, for every file system, and for links of Obsidian. */
import { openScratch } from "../../../support/scratch.ts";
import { isDeviceName } from "../../../support/windows-names.ts";

export const NOTE = ".md";
/** The note by which a folder of ours is known. */
export const INDEX = "memorygraph-migrate";

/** Of each of the databases for what does not fit in memory: several are open at a time. */
export const CACHE_KILOBYTES = 4_000;
/** Far below what file systems take, since a number may follow and the path before it has its length too. */
const MOST_UNITS = 80;
const MOST_BYTES = 180;
/** What Windows, or a link of Obsidian, takes for something else. */
const FORBIDDEN = /[<>:"/\\|?*#^[\]`\p{Co}\p{Cn}\ufffd]+/gu;
/** What nobody sees, or sees in another order; of these only the joiners are part of a word. */
const UNSEEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\u2028\u2029]+/gu;
/** Obsidian takes a link to such a name for one to a file of that kind. */
const LIKE_A_FILE = /\.(?=[\p{L}\p{N}]{1,10}$)/u;

/** What a note about that text can be called, without its ending. @returns never the empty text */
export function nameFor(text: string): string {
  const [line = ""] = text
    .toWellFormed()
    .slice(0, 4 * MOST_UNITS)
    .trim()
    .split(/[\r\n]/);
  const plain = tidy(
    line
      .normalize("NFC")
      .replace(/\t/g, " ")
      .replace(UNSEEN, "")
      .replace(FORBIDDEN, "-")
      .replace(/%%+/g, "%")
      .replace(/\s+/g, " "),
  );
  const short = tidy(cut(plain)).replace(LIKE_A_FILE, "-");
  if (short === "") return "untitled";
  return isDeviceName(short) ? short.replace(/^[^.]*/, (device) => `${device.trimEnd()}_`) : short;
}

/** Windows drops dots and spaces at the end; a dot at the beginning hides the file. */
function tidy(name: string): string {
  return name.replace(/^[\s.-]+|[\s.-]+$/g, "");
}

function cut(name: string): string {
  const characters = [...name];
  let [units, bytes, length] = [0, 0, 0];
  for (const character of characters) {
    units += character.length;
    bytes += Buffer.byteLength(character);
    if (units > MOST_UNITS || bytes > MOST_BYTES) break;
    length++;
  }
  return characters.slice(0, length).join("");
}

/** Equal for names that some file system, or Obsidian, takes for one. */
export function folded(name: string): string {
  return name
    .normalize("NFKD")
    .toUpperCase()
    .toLowerCase()
    .replace(/\p{Cf}/gu, "")
    .normalize("NFKD");
}

/** Names that are taken. */
export class Names {
  readonly #scratch = openScratch(
    "CREATE TEMP TABLE taken (name TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID",
    CACHE_KILOBYTES,
  );
  readonly #take = this.#scratch.prepare("INSERT OR IGNORE INTO taken VALUES (?, 2)");
  readonly #next = this.#scratch.prepare("UPDATE taken SET next = next + 1 WHERE name = ? RETURNING next - 1");

  constructor() {
    this.#take.run(folded(INDEX));
  }

  /** The name, or the same with a number behind it. */
  take(name: string): string {
    const own = folded(name);
    let free = name;
    while (this.#take.run(folded(free)).changes === 0) {
      const [row] = this.#next.values(own) as [number][];
      free = `${name} ${row![0]}`;
    }
    return free;
  }

  close(): void {
    this.#take.finalize();
    this.#next.finalize();
    this.#scratch.close();
  }
}
