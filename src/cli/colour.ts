/** Whether a stream gets colours, and the colours. */
import { styleText } from "node:util";

type Environment = Readonly<Record<string, string | undefined>>;
type Paint = (text: string) => string;

export interface Colour {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly yellow: Paint;
  readonly green: Paint;
}

/** Decides for one stream: `--no-color`, then NO_COLOR, then FORCE_COLOR, then whether a terminal is there. */
export function wantsColour(stream: { readonly isTTY?: boolean }, env: Environment, noColor: boolean): boolean {
  if (noColor || env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== "0" && env.FORCE_COLOR !== "false";
  return stream.isTTY === true && env.TERM !== "dumb";
}

/** Painters that leave the text alone when `enabled` is false. */
export function createColour(enabled: boolean): Colour {
  const paint =
    (format: keyof Colour): Paint =>
    (text) =>
      // validateStream would let Bun decide once more, by another stream's rules.
      enabled ? styleText(format, text, { validateStream: false }) : text;
  return { bold: paint("bold"), dim: paint("dim"), red: paint("red"), yellow: paint("yellow"), green: paint("green") };
}
