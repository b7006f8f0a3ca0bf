/** The password of a server, read again where a person has written it down already: for a command that must not hold it. */
import type { BackendConfig } from "../backends/config.ts";
import { UsageError } from "../errors.ts";
import { RELEASES } from "../memorygraph/releases.ts";
import { readClients } from "./client-configurations.ts";
import { ENVIRONMENT } from "./clients.ts";
import type { Environment, Machine } from "./machine.ts";
import { locationOf, storeOpenedBy } from "./release-stores.ts";

/**
 * @param place one of PASSWORD_PLACES
 * @throws UsageError where that configuration names no such server, or no password for it
 */
export function passwordFrom(place: string, config: BackendConfig, machine: Machine): string {
  const sources: Environment[] =
    place === ENVIRONMENT
      ? [machine.env]
      : readClients(machine)
          .setups.filter(({ client }) => client.id === place)
          .map(({ env }) => env);
  for (const env of sources) {
    const { config: named } = storeOpenedBy(RELEASES[0]!, env, machine, machine.cwd, config.type);
    if (locationOf(named) === locationOf(config) && named.password) return named.password;
  }
  throw new UsageError(`the configuration of ${place} holds no password for ${locationOf(config)}`, {
    next: "Give it in another way, such as a password file.",
  });
}
