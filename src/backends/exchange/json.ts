/** The JSON backend: exports of MemoryGraph, read and written, and the MCP memory server's file, which is only read. */
import { pathOf } from "../file/place.ts";
import { writtenOnce } from "../file/written-once.ts";
import { jsonDescriptor } from "./descriptor.ts";
import { ExportFitting } from "./fitting.ts";
import { openSource } from "./source.ts";
import { ExportWriter } from "./writer.ts";

export const json = writtenOnce({
  type: jsonDescriptor.type,
  called: "a JSON file with memories",
  engine: "MemoryGraph export 2.0",
  fitting: (request, report) => new ExportFitting(request, report),
  begin: (making) => new ExportWriter(making),
  openSource: (config, options) => openSource(pathOf(config), options),
});
