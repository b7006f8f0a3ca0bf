/** The errors of a dump: always with the place, so that what is wrong can be looked at. */
import { DamagedStoreError, NewerFormatError } from "../errors.ts";
import type { ByteSource } from "./dump.ts";

export function damageAt(source: ByteSource, offset: number, what: string): DamagedStoreError {
  return new DamagedStoreError(`${source.name} is damaged at byte ${offset}: ${what}`, {
    next: "Take a backup of it, or save it anew from the server that wrote it.",
  });
}

/** Nothing is wrong with the dump, as far as can be told; it is only newer than this release. */
export function unknownAt(source: ByteSource, offset: number, what: string): NewerFormatError {
  return new NewerFormatError(`${source.name} is newer than this release: at byte ${offset} is ${what}`, {
    next: "Get the newest memorygraph-migrate; or start the engine that wrote the dump on a copy of its folder, and migrate from that server with --from falkordb.",
  });
}
