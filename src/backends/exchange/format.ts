/** What an exchange format makes of its pieces. */
import type { Properties } from "../../graph/properties.ts";
import type { BackendType } from "../config.ts";
import type { Finding } from "../description.ts";
import type { Piece } from "./pieces.ts";

/** A record as the file has it: ends of relationships are ids. */
export type Item =
  | { readonly kind: "node"; readonly properties: Properties }
  | {
      readonly kind: "relationship";
      readonly from: string;
      readonly to: string;
      readonly type: string;
      readonly properties: Properties;
    };

/** What a piece is that holds no record: something about the file itself, or what cannot be taken over. */
export interface Aside {
  readonly kind: "header" | "damage" | "loss" | "note";
  readonly what: string;
  /** Where in the file, or what the header says. */
  readonly value: string;
}

/** What the first reading of a whole file found. */
export interface Survey {
  readonly nodes: number;
  readonly relationships: number;
  /** By name, as JSON has them. */
  readonly headers: ReadonlyMap<string, string>;
  /** The properties that some record has. */
  readonly nodeFields: ReadonlySet<string>;
  readonly relationshipFields: ReadonlySet<string>;
  /** Relationships without an id of their own. */
  readonly unnamed: number;
}

export interface Format {
  readonly type: BackendType;
  engine(survey: Survey): string;
  readonly layout: string;
  /** Whether an id that occurs again is only a name: the later ones then get another. */
  readonly renamesDuplicates: boolean;
  /** @param kind only of these records pieces are wanted; others may come as well */
  pieces(file: number, signal?: AbortSignal, kind?: Item["kind"]): AsyncGenerator<readonly Piece[]>;
  /** Null for a piece that says nothing. @throws JsonSyntaxError for one that cannot be read */
  item(piece: Piece): Item | Aside | null;
  /** What every file of this format lacks, and this one; what of it looks wrong. @throws NewerFormatError */
  findings(survey: Survey): readonly Finding[];
}

/** False for an entry that is put aside, with the reason. */
export function isRecord(item: Item | Aside): item is Item {
  return item.kind === "node" || item.kind === "relationship";
}
