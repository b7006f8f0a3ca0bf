/** Names that files can have on other systems and not on Windows. */
import { SYSTEM } from "./files.ts";

/** `\\?\`, `\\.\` and a drive, in that order. */
const ROOT = /^(?:[\\/]{2}[?.][\\/])?(?:[a-z]:)?/i;
/** Whatever stands behind the dot, as in `nul.db`. */
const DEVICE = /^(?:con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³]|conin\$|conout\$) *(?:\.|$)/i;
/** A colon begins the name of a hidden stream of the file before it. */
const FORBIDDEN = /[<>:"|?*\u0000-\u001f]/;

/**
 * The first name in a path that a new file or folder cannot have on Windows, or that programs there would not find again.
 * @returns null for none, and on other systems
 */
export function refusedByWindows(
  path: string,
  system = SYSTEM,
): { readonly name: string; readonly why: string } | null {
  if (system !== "win32") return null;
  const names = path.replace(ROOT, "").split(/[\\/]/);
  for (const name of names) {
    if (name === "." || name === "..") continue;
    if (isDeviceName(name)) return { name, why: "Windows keeps it for a device" };
    const [sign] = FORBIDDEN.exec(name) ?? [];
    if (sign !== undefined) return { name, why: `no name on Windows has ${JSON.stringify(sign)} in it` };
    if (/[. ]$/.test(name)) return { name, why: "programs on Windows leave out a dot or a space at the end" };
  }
  return null;
}

/** Whether Windows takes the name of a file for that of a device. */
export function isDeviceName(name: string): boolean {
  return DEVICE.test(name);
}

/** Whether a path leads to a device of Windows, which is there in every folder. */
export function isDeviceOfWindows(path: string, system = SYSTEM): boolean {
  if (system !== "win32") return false;
  return /^[\\/]{2}\.[\\/]/.test(path) || isDeviceName(path.replace(ROOT, "").split(/[\\/]/).at(-1)!);
}
