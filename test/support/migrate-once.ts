/** One migration in a process of its own, for tests that need another user. Arguments: source, target; prints the result. */
import { BackendConfig, migrate } from "../../src/index.ts";

const [from, to] = process.argv.slice(2) as [string, string];
const result = await migrate(
  new BackendConfig({ type: "sqlite", path: from }),
  new BackendConfig({ type: "sqlite", path: to }),
);
process.stdout.write(JSON.stringify(result));
