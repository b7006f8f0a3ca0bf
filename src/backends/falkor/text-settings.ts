/** The settings of a full-text index: as the server tells them, and as Cypher takes them. */
import { isMap, type Value } from "../../graph/value.ts";
import { literal } from "./literals.ts";

/** Of a full-text index over a property. FalkorDB has one language and one list of stop words for a whole label. */
export interface TextSettings {
  readonly language: string;
  /** Empty: the engine's own list. */
  readonly stopWords: readonly string[];
  readonly weight: number;
  readonly nostem: boolean;
  /** The algorithm, or `no`. */
  readonly phonetic: string;
}

export const USUAL_TEXT: TextSettings = {
  language: "english",
  stopWords: [],
  weight: 1,
  nostem: false,
  phonetic: "no",
};
/** A server only tells that there is one; its engine knows them all for the same. */
const ANY_PHONETIC = "dm:en";
/** Of the options of a field, in `info` of db.indexes(). */
const NOSTEM_BIT = 4;
const PHONETIC_BIT = 8;

/** Why the two cannot be indexes of one label; null where they can. */
export function otherLanguage(label: string, there: TextSettings, wanted: TextSettings): string | null {
  const of = ({ language, stopWords }: TextSettings) =>
    `${language}${stopWords.length === 0 ? "" : ` without the words ${stopWords.join(", ")}`}`;
  if (of(there) === of(wanted)) return null;
  return `FalkorDB has one language and one list of stop words for all full-text indexes of ${label}: those of the target are ${of(there)}, and not ${of(wanted)}`;
}

/** As Cypher has them, those that are not the engine's own; undefined where all are. */
export function textOptions(text: TextSettings | undefined): string | undefined {
  if (text === undefined) return undefined;
  const { language, stopWords, weight, nostem, phonetic } = text;
  const isPhonetic = phonetic !== USUAL_TEXT.phonetic;
  const parts = [
    ...(language === USUAL_TEXT.language ? [] : [`language:${literal(language, "statement")}`]),
    ...(stopWords.length === 0 ? [] : [`stopwords:${literal([...stopWords], "statement")}`]),
    // An algorithm without a weight is refused (4.22.1).
    ...(weight === USUAL_TEXT.weight && !isPhonetic ? [] : [`weight:${literal(weight, "statement")}`]),
    ...(nostem ? ["nostem:true"] : []),
    ...(!isPhonetic ? [] : [`phonetic:${literal(phonetic, "statement")}`]),
  ];
  return parts.length === 0 ? undefined : `{${parts.join(", ")}}`;
}

/** As db.indexes() tells it of one property. @param info a map with a list of fields */
export function textSettings(language: Value, stopWords: Value, info: Value, property: string): TextSettings {
  return { ...textOfLabel(language, stopWords), ...textOfField(info, property) };
}

function textOfLabel(language: Value, stopWords: Value): Pick<TextSettings, "language" | "stopWords"> {
  return {
    language: typeof language === "string" ? language : USUAL_TEXT.language,
    stopWords: Array.isArray(stopWords) ? stopWords.map(String) : [],
  };
}

function textOfField(info: Value, property: string): Omit<TextSettings, "language" | "stopWords"> {
  const fields = isMap(info) ? info.get("fields") : null;
  const field =
    (Array.isArray(fields) ? fields : []).find((each) => isMap(each) && each.get("name") === property) ?? null;
  const { weight, nostem, phonetic } = USUAL_TEXT;
  if (!isMap(field)) return { weight, nostem, phonetic };
  const bits = Number(field.get("options") ?? 0);
  return {
    weight: Number(field.get("textWeight") ?? weight),
    nostem: (bits & NOSTEM_BIT) !== 0,
    phonetic: (bits & PHONETIC_BIT) === 0 ? phonetic : ANY_PHONETIC,
  };
}
