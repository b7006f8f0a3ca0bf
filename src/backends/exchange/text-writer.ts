/** Writes one text file as the records come, and reads it back. */
import type { GraphRecord } from "../../graph/record.ts";
import type { SourceStore } from "../backend.ts";
import type { FileWriter, Making } from "../file/written-once-target.ts";
import { TextFile } from "./text-file.ts";

export abstract class TextWriter implements FileWriter {
  protected readonly making: Making;
  protected readonly text: TextFile;

  /** @throws the system's error */
  constructor(making: Making) {
    this.making = making;
    this.text = new TextFile(making.file);
  }

  /** @param record as the fitting of the format gives it. @throws the system's error */
  abstract add(record: GraphRecord): void;

  end(): void {
    this.text.end();
  }

  abandon(): void {
    this.text.abandon();
  }

  abstract open(): SourceStore;
}
