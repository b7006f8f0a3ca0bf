/** The JSON backend: exports of MemoryGraph. */
import { pathOf } from "../file/place.ts";
import { writtenOnce } from "../file/written-once.ts";
import { exportFormat } from "./export.ts";
import { ExportFitting } from "./fitting.ts";
import { openSource } from "./source.ts";
import { ExportWriter } from "./writer.ts";

export const json = writtenOnce({
  type: "json",
  called: "a JSON file with memories",
  engine: "MemoryGraph export 2.0",
  fitting: (request, report) => new ExportFitting(request, report),
  begin: (making) => new ExportWriter(making),
  openSource: (config, options) => openSource(pathOf(config), "json", exportFormat, options),
});
