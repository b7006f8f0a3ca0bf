/**
 * Reads JSON objects that resemble each other. What stands between two values (`, "title": `) is compared as a whole
 * with what stood there in earlier objects, which is several times faster than reading every name again.
 */
import { JsonScanner, JsonSyntaxError } from "./json.ts";
import { Properties, Shape } from "./properties.ts";
import type { Value } from "./value.ts";

interface Step {
  /** The literal text between the previous value and this one, name and punctuation included. */
  readonly text: string;
  readonly next: Place;
}

class Place {
  readonly steps: Step[] = [];
  constructor(readonly shape: Shape) {}
}

const MAX_STEPS = 12;

/** Keeps what it has learnt of the shapes of earlier objects: one reader for all objects of a kind. */
export class ObjectReader {
  readonly #start = new Place(Shape.empty);

  /**
   * The object as properties, its names in the order of the text.
   * @throws JsonSyntaxError when the text is not exactly one JSON object.
   */
  read(text: string): Properties {
    const scanner = new JsonScanner(text);
    const properties = this.readAt(scanner);
    if (!Number.isNaN(scanner.skipSpace())) scanner.fail("text after the object");
    return properties;
  }

  /**
   * As read, of an object that stands in a longer text: the scanner is at its beginning, and behind it afterwards.
   * @throws JsonSyntaxError
   */
  readAt(scanner: JsonScanner): Properties {
    const { text, at: start } = scanner;
    const values: Value[] = [];
    let place = this.#start;
    for (;;) {
      const known = place.steps.find((step) => text.startsWith(step.text, scanner.at));
      if (known !== undefined) {
        scanner.at += known.text.length;
        place = known.next;
      } else {
        const next = this.#learn(scanner, place);
        if (next === "repeated") {
          // A scanner does not go back.
          const again = new JsonScanner(text);
          again.at = start;
          const properties = readPlainly(again);
          scanner.at = again.at;
          return properties;
        }
        if (next === "end") return new Properties(place.shape, values);
        place = next;
      }
      values.push(scanner.value());
    }
  }

  #learn(scanner: JsonScanner, place: Place): Place | "end" | "repeated" {
    const start = scanner.at;
    const first = place === this.#start;
    const code = scanner.skipSpace();
    if (first && code !== 123) scanner.fail("an object expected");
    if (!first && code !== 44 && code !== 125) scanner.fail("a comma or the end of the object expected");
    scanner.at++;
    const after = scanner.skipSpace();
    if (code === 125 || (first && after === 125)) {
      if (first) scanner.at++;
      return "end";
    }
    if (after !== 34) scanner.fail("a name expected");
    const key = scanner.string();
    if (scanner.skipSpace() !== 58) scanner.fail("a colon expected");
    scanner.at++;
    scanner.skipSpace();
    if (place.shape.index.has(key)) return "repeated";
    const next = new Place(place.shape.with(key));
    if (place.steps.length < MAX_STEPS) place.steps.push({ text: scanner.text.substring(start, scanner.at), next });
    return next;
  }
}

function readPlainly(scanner: JsonScanner): Properties {
  const value = scanner.value();
  if (!(value instanceof Map)) throw new JsonSyntaxError("an object expected at offset 0");
  return Properties.from(value);
}
