/** Whether somebody who speaks Bolt is at an address. */
import type { BackendType } from "../config.ts";
import type { Address } from "../graph-store/address.ts";
import { probeServer } from "../graph-store/probe.ts";

/** Bolt's magic number and four proposals: 5.8 down to 5.0, 4.4 down to 4.2, 4.1, 3. */
const HANDSHAKE = Uint8Array.of(0x60, 0x60, 0xb0, 0x17, 0, 8, 8, 5, 0, 2, 4, 4, 0, 0, 1, 4, 0, 0, 0, 3);

/** @throws ConnectionError, StoreKindError */
export async function probe(type: BackendType, address: Address): Promise<void> {
  const { scheme } = address;
  await probeServer(address, {
    type,
    encrypted: scheme.includes("+s"),
    trusting: scheme.endsWith("+ssc"),
    hello: HANDSHAKE,
    protocol: "Bolt",
    schemes: scheme.startsWith("neo4j") ? ["neo4j", "neo4j+s"] : ["bolt", "bolt+s"],
    // Four bytes: the version that the server chose. Whoever speaks another protocol sends words.
    understood: ([a, b, c, d]) => a === 0 && b === 0 && c !== undefined && c < 32 && d !== undefined && d > 0,
  });
}
