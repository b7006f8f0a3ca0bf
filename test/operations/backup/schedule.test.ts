/** The units that are printed, read by the readers that are here. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { SCHEDULERS, SCHEDULES, unitsFor } from "../../../src/operations/backup/schedule.ts";
import { temporaryFolder } from "../../support/folder.ts";

/** A program with a space in its path, and what each format writes in its own way. */
const COMMAND = [
  "/opt/my tools/memorygraph-migrate",
  "backup",
  "--from-path",
  '/home/ä🚀/100% $HOME "quoted" & <old>.db',
  "C:\\kept\\",
];

describe.each(SCHEDULERS)("units for %s", (scheduler) => {
  test.each(SCHEDULES)("%s name the command word by word", (schedule) => {
    const { files, commands, undo } = unitsFor(scheduler, schedule, COMMAND);
    expect(files.length).toBeGreaterThan(0);
    expect(commands.length).toBeGreaterThan(0);
    expect(undo.length).toBeGreaterThan(0);
    for (const { text } of files) expect(text).toEndWith("\n");
    expect(files.map(({ text }) => text).join("")).toContain("/opt/my tools/memorygraph-migrate");
  });
});

test.each([
  ["cmd", '"%LOCALAPPDATA%\\memorygraph-migrate\\memorygraph-backup.xml"'],
  ["powershell", '"$env:LOCALAPPDATA\\memorygraph-migrate\\memorygraph-backup.xml"'],
  ["windows powershell", '"$env:LOCALAPPDATA\\memorygraph-migrate\\memorygraph-backup.xml"'],
] as const)("on Windows %s finds the file that is to be saved", (shell, path) => {
  const { files, commands } = unitsFor("windows", "daily", COMMAND, shell);
  expect(files.map((file) => file.path)).toEqual([path]);
  expect(commands).toEqual([`schtasks /Create /TN memorygraph-backup /XML ${path}`]);
});

const analyze = Bun.which("systemd-analyze");
if (analyze === null) console.warn("SKIPPED: units are not read by systemd, since there is no systemd-analyze");
test.skipIf(analyze === null).each(SCHEDULES)("systemd reads those for %s without a complaint", (schedule) => {
  using folder = temporaryFolder();
  const { files } = unitsFor("systemd", schedule, ["/bin/true", ...COMMAND.slice(1)]);
  const paths = files.map(({ path, text }) => {
    const own = folder.file(path.slice(path.lastIndexOf("/") + 1));
    writeFileSync(own, text);
    return own;
  });
  const { exitCode, stderr } = Bun.spawnSync([analyze!, "--user", "verify", ...paths], {
    env: { ...Bun.env, XDG_RUNTIME_DIR: folder.path },
  });
  expect([stderr.toString(), exitCode]).toEqual(["", 0]);
});

/** The text of each element of that name, as an XML parser reads it. */
function elements(text: string | Buffer, name: string): string[] {
  const script =
    "import sys, xml.etree.ElementTree as e; [print(repr(x.text)) for x in e.fromstring(sys.stdin.buffer.read()).iter() if x.tag.split('}')[-1] == sys.argv[1]]";
  const { exitCode, stdout, stderr } = Bun.spawnSync(["python3", "-c", script, name], {
    stdin: typeof text === "string" ? Buffer.from(text) : text,
  });
  expect([exitCode, stderr.toString()]).toEqual([0, ""]);
  return stdout.toString().trim().split("\n");
}

const python = Bun.which("python3");
test.skipIf(python === null).each(SCHEDULES)(
  "a property list for %s is read back as the words that were meant",
  (schedule) => {
    const [file] = unitsFor("launchd", schedule, COMMAND).files;
    const script = "import sys, json, plistlib; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))";
    const { exitCode, stdout, stderr } = Bun.spawnSync(["python3", "-c", script], { stdin: Buffer.from(file!.text) });
    expect([exitCode, stderr.toString()]).toEqual([0, ""]);
    const list = JSON.parse(stdout.toString());
    expect(list.ProgramArguments).toEqual(COMMAND);
    const { Hour, Minute, Weekday } = list.StartCalendarInterval;
    expect([Minute, Hour !== undefined, Weekday !== undefined]).toEqual([
      7,
      schedule !== "hourly",
      schedule === "weekly",
    ]);
  },
);

test.skipIf(python === null).each(SCHEDULES)(
  "a task for %s is XML, with the arguments as Windows splits them",
  (schedule) => {
    const [file] = unitsFor("windows", schedule, COMMAND).files;
    expect(elements(file!.text, "Command")).toEqual(["'/opt/my tools/memorygraph-migrate'"]);
    const [words] = elements(file!.text, "Arguments");
    expect(words).toContain('backup --from-path "/home/ä🚀/100% $HOME \\\\"quoted\\\\" & <old>.db" C:\\\\kept\\\\');
    expect(elements(file!.text, "StartBoundary")).toHaveLength(1);
    // schtasks refuses what declares UTF-8, and reads what has no mark of UTF-16 in the code page of the system.
    expect(file!.text).toMatch(/^<\?xml version="1\.0"\?>\n[\n -~]*$/);
    expect(elements(Buffer.from(`\ufeff${file!.text}`, "utf16le"), "Arguments")).toEqual([words!]);
  },
);
