/** The keys of a dump put together to graphs: one with a graph's name, and more that carry a share of it. */
import type { DumpGraph, GraphKey } from "./dump.ts";
import type { GraphHeader } from "./header.ts";

interface Found {
  readonly db: number;
  readonly name: string;
  readonly header: GraphHeader;
  readonly encoding: number;
  readonly keys: GraphKey[];
}

/**
 * A graph's name is that of its main key, as for the engine. Its data tell a name as well, by which the other keys belong
 * to it; that is an older one where the key was restored (RESTORE, GRAPH.RESTORE) under another name.
 */
export class GraphKeys {
  readonly #mains: Found[] = [];
  readonly #shares: Found[] = [];

  add(db: number, name: string, header: GraphHeader, encoding: number, key: GraphKey): void {
    if (key.isMain) {
      this.#mains.push({ db, name, header, encoding, keys: [key] });
      return;
    }
    const known = this.#shares.find((share) => share.db === db && share.header.name === header.name);
    if (known === undefined) this.#shares.push({ db, name: header.name, header, encoding, keys: [key] });
    else known.keys.push(key);
  }

  /** In the order of the dump. Shares without a main key are a graph too, one that is not whole. */
  graphs(): DumpGraph[] {
    const alone = this.#shares.filter((share) => {
      const owner = this.#ownerOf(share);
      owner?.keys.push(...share.keys);
      return owner === undefined;
    });
    const all = [...this.#mains, ...alone].map(graphOf);
    return all.sort((a, b) => a.keys[0]!.offset - b.keys[0]!.offset);
  }

  /** The one whose name is still that, where two tell the same. */
  #ownerOf({ db, header }: Found): Found | undefined {
    const owners = this.#mains.filter(
      (main) => main.db === db && main.header.name === header.name && main.header.keys > 1,
    );
    return owners.find(({ name }) => name === header.name) ?? owners[0];
  }
}

function graphOf({ header, encoding, db, name, keys }: Found): DumpGraph {
  const { counts, schema, replacedNames, keys: keyCount } = header;
  const inOrder = keys.sort((a, b) => a.offset - b.offset);
  const expires = inOrder.map((key) => key.expires).find((time) => time !== null) ?? null;
  return {
    db,
    name,
    nameInData: header.name,
    encoding,
    counts,
    schema,
    replacedNames,
    keys: inOrder,
    keyCount,
    expires,
  };
}
