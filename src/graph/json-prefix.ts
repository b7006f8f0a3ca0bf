/** What can be read of a JSON object whose text is cut off or broken. */
import { JsonScanner, JsonSyntaxError } from "./json.ts";
import { Properties } from "./properties.ts";
import type { ValueMap } from "./value.ts";

/** Its members up to the first that cannot be read; none for what is no object. */
export function readPrefix(text: string): Properties {
  const members: ValueMap = new Map();
  const scanner = new JsonScanner(text);
  try {
    if (scanner.skipSpace() !== 123) return Properties.from(members);
    do {
      scanner.at++;
      scanner.skipSpace();
      const name = scanner.string();
      if (scanner.skipSpace() !== 58) break;
      scanner.at++;
      const value = scanner.value();
      // A number at the very end may have lost digits.
      if (Number.isNaN(scanner.skipSpace()) && typeof value !== "string") break;
      members.set(name, value);
    } while (scanner.skipSpace() === 44);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
  }
  return Properties.from(members);
}
