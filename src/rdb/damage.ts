/** The errors of a dump: always with the place, so that what is wrong can be looked at. */
import { DamagedStoreError, NewerFormatError, UnsupportedError } from "../errors.ts";
import type { ByteSource } from "./dump.ts";

/** Of RedisGraph 2.12; what FalkorDB up to 4.20 still loads. */
const OLDEST_UPGRADED = 10;
/** The first that FalkorDB wrote itself. */
const OLDEST_FALKORDB = 14;

/** @param offset the byte of the file where it shows */
export function damageAt(source: ByteSource, offset: number, what: string): DamagedStoreError {
  return new DamagedStoreError(`${source.name} is damaged at byte ${offset}: ${what}`, {
    next: "Take a backup of it, or save it anew from the server that wrote it.",
  });
}

/** Nothing is wrong with the dump, as far as can be told; it is only newer than this release. */
export function unknownAt(source: ByteSource, offset: number, what: string, cause?: unknown): NewerFormatError {
  return new NewerFormatError(`${source.name} is newer than this release: at byte ${offset} is ${what}`, {
    next: `Get the newest memorygraph-migrate. ${SERVER_WAY}`,
    cause,
  });
}

const SERVER_WAY =
  "Or start the engine that wrote it on a copy of its folder, and migrate from that server: --from falkordb --from-uri redis://HOST:PORT.";

/** A graph in an encoding that is not read here, because it is newer or older than those that are. */
export function graphOfOtherAge(
  source: ByteSource,
  offset: number,
  key: string,
  encoding: number,
): NewerFormatError | UnsupportedError {
  const graph = `the graph ${JSON.stringify(key)} in the encoding ${encoding}`;
  if (encoding >= OLDEST_FALKORDB) return unknownAt(source, offset, graph);
  const upgrade =
    encoding >= OLDEST_UPGRADED
      ? "Load a copy of it in FalkorDB 4.18 (pip install falkordblite==0.10.0 has it), send it SAVE, and read the dump that it writes."
      : "Load a copy of it in RedisGraph 2.12, send it SAVE, load that dump in FalkorDB 4.18, and send it SAVE again.";
  return new UnsupportedError(`${source.name} holds ${graph}, which RedisGraph wrote before it became FalkorDB`, {
    next: upgrade,
  });
}
