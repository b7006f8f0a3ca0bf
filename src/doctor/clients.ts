/**
 * MCP clients as data: where each keeps the list of its servers, and how one is written there. Read off their
 * documentation in November 2026. To add a client, add a row.
 */

type System = "linux" | "darwin" | "win32";

export interface Client {
  /** As `--client` and `--to-password-from` take it. */
  readonly id: string;
  readonly title: string;
  readonly format: "json" | "toml";
  /** Where in the file the servers are, by name: one of these paths of keys. */
  readonly servers: readonly (readonly string[])[];
  /** A map from folders to objects that hold `servers` as well: one configuration for each project. */
  readonly projects?: string;
  /** The person's own files, as `placeOn` reads them. */
  readonly files: Readonly<Record<System, readonly string[]>>;
  /** Files in the working folder, or in one above it. */
  readonly projectFiles: readonly string[];
  /** Whether a server gets the variables of the shell, in which the client itself was started. */
  readonly inheritsShell: boolean;
  /** How a server is written down, where that is not `command`, `args`, `env`. */
  readonly spelling?: "command list" | "stdio type";
}

function everywhere(...files: string[]): Client["files"] {
  return { linux: files, darwin: files, win32: files };
}

function inUserFolder(path: string, ...products: string[]): Client["files"] {
  return {
    linux: products.map((product) => `%XDG_CONFIG_HOME|~/.config%/${product}/${path}`),
    darwin: products.map((product) => `~/Library/Application Support/${product}/${path}`),
    win32: products.map((product) => `%APPDATA|~/AppData/Roaming%/${product}/${path}`),
  };
}

function joined(...tables: Client["files"][]): Client["files"] {
  const of = (system: System) => tables.flatMap((table) => table[system]);
  return { linux: of("linux"), darwin: of("darwin"), win32: of("win32") };
}

const VS_CODES = ["Code", "Code - Insiders", "VSCodium"];

export const CLIENTS = [
  {
    id: "claude-code",
    title: "Claude Code",
    format: "json",
    servers: [["mcpServers"]],
    projects: "projects",
    files: joined(everywhere("%CLAUDE_CONFIG_DIR|~/%/.claude.json")),
    projectFiles: [".mcp.json"],
    inheritsShell: true,
  },
  {
    id: "claude-desktop",
    title: "Claude Desktop",
    format: "json",
    servers: [["mcpServers"]],
    files: inUserFolder("claude_desktop_config.json", "Claude"),
    projectFiles: [],
    inheritsShell: false,
  },
  {
    id: "cursor",
    title: "Cursor",
    format: "json",
    servers: [["mcpServers"]],
    files: everywhere("~/.cursor/mcp.json"),
    projectFiles: [".cursor/mcp.json"],
    inheritsShell: false,
  },
  {
    id: "windsurf",
    title: "Windsurf",
    format: "json",
    servers: [["mcpServers"]],
    files: everywhere("~/.codeium/windsurf/mcp_config.json", "~/.codeium/mcp_config.json"),
    projectFiles: [],
    inheritsShell: false,
  },
  {
    id: "vscode",
    title: "VS Code",
    format: "json",
    // Before 1.102 the servers stood in the settings.
    servers: [["servers"], ["mcp", "servers"]],
    files: joined(inUserFolder("User/mcp.json", ...VS_CODES), inUserFolder("User/settings.json", ...VS_CODES)),
    projectFiles: [".vscode/mcp.json"],
    inheritsShell: false,
    spelling: "stdio type",
  },
  {
    id: "cline",
    title: "Cline",
    format: "json",
    servers: [["mcpServers"]],
    files: joined(
      inUserFolder("User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json", ...VS_CODES),
      everywhere("~/.cline/data/settings/cline_mcp_settings.json"),
    ),
    projectFiles: [],
    inheritsShell: false,
  },
  {
    id: "zed",
    title: "Zed",
    format: "json",
    servers: [["context_servers"]],
    files: {
      linux: ["%XDG_CONFIG_HOME|~/.config%/zed/settings.json"],
      darwin: ["~/.config/zed/settings.json"],
      win32: ["%APPDATA|~/AppData/Roaming%/Zed/settings.json"],
    },
    projectFiles: [".zed/settings.json"],
    inheritsShell: false,
  },
  {
    id: "opencode",
    title: "opencode",
    format: "json",
    servers: [["mcp"]],
    files: everywhere("%XDG_CONFIG_HOME|~/.config%/opencode/opencode.json", "~/.config/opencode/opencode.jsonc"),
    projectFiles: ["opencode.json", "opencode.jsonc"],
    inheritsShell: true,
    spelling: "command list",
  },
  {
    id: "codex",
    title: "Codex",
    format: "toml",
    servers: [["mcp_servers"]],
    files: everywhere("%CODEX_HOME|~/.codex%/config.toml"),
    projectFiles: [".codex/config.toml"],
    inheritsShell: false,
  },
  {
    id: "gemini",
    title: "Gemini CLI",
    format: "json",
    servers: [["mcpServers"]],
    files: everywhere("~/.gemini/settings.json"),
    projectFiles: [".gemini/settings.json"],
    inheritsShell: true,
  },
] as const satisfies readonly Client[];

export const CLIENT_IDS = CLIENTS.map(({ id }) => id);
/** Where a password can be read again: a client's configuration, or the variables of the shell. */
export const ENVIRONMENT = "environment";
export const PASSWORD_PLACES = [...CLIENT_IDS, ENVIRONMENT] as const;
export type ClientId = (typeof CLIENTS)[number]["id"];

/** Everything that is named like a system we do not know is laid out as on Linux. */
export function filesOf(client: Client, platform: string): readonly string[] {
  return client.files[platform === "darwin" || platform === "win32" ? platform : "linux"];
}
