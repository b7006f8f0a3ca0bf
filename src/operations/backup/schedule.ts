/** Ready units by which the system itself makes backups: of systemd, launchd, and the Task Scheduler of Windows. */
import { type Shell, shellInUse, withVariable } from "../../support/shell.ts";

export const SCHEDULES = ["hourly", "daily", "weekly"] as const;
export type Schedule = (typeof SCHEDULES)[number];
export const SCHEDULERS = ["systemd", "launchd", "windows"] as const;
export type Scheduler = (typeof SCHEDULERS)[number];

/** One file to be made, and what is typed once they are all there. */
export interface Unit {
  /** Where it belongs, as people of that system write it. */
  readonly path: string;
  readonly text: string;
}
export interface Units {
  readonly files: readonly Unit[];
  readonly commands: readonly string[];
  /** What takes it back. */
  readonly undo: readonly string[];
}

export function schedulerOf(platform: string): Scheduler {
  return platform === "darwin" ? "launchd" : platform === "win32" ? "windows" : "systemd";
}

const NAME = "memorygraph-backup";
const LABEL = "io.github.memorygraph-migrate.backup";

/**
 * @param command the program and its arguments, each one a word
 * @param shell in which the commands are typed, where the system has several
 */
export function unitsFor(
  scheduler: Scheduler,
  schedule: Schedule,
  command: readonly string[],
  shell: Shell = shellInUse(),
): Units {
  return { systemd, launchd, windows }[scheduler](schedule, command, shell);
}

function systemd(schedule: Schedule, command: readonly string[]): Units {
  const service = `[Unit]
Description=Backup of MemoryGraph's memories

[Service]
Type=oneshot
ExecStart=${command.map(systemdWord).join(" ")}
Nice=10
`;
  const timer = `[Unit]
Description=Backup of MemoryGraph's memories, ${schedule}

[Timer]
OnCalendar=${schedule}
Persistent=true
RandomizedDelaySec=5m

[Install]
WantedBy=timers.target
`;
  const folder = "~/.config/systemd/user";
  return {
    files: [
      { path: `${folder}/${NAME}.service`, text: service },
      { path: `${folder}/${NAME}.timer`, text: timer },
    ],
    commands: ["systemctl --user daemon-reload", `systemctl --user enable --now ${NAME}.timer`],
    undo: [`systemctl --user disable --now ${NAME}.timer`],
  };
}

/** `%` begins what systemd fills in, `$` a variable. */
function systemdWord(word: string): string {
  const escaped = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w@%+=:,./~-]+$/.test(word) ? escaped : `"${escaped.replace(/["\\]/g, "\\$&")}"`;
}

const CALENDAR: Record<Schedule, string> = {
  hourly: "    <key>Minute</key><integer>7</integer>\n",
  daily: "    <key>Hour</key><integer>12</integer>\n    <key>Minute</key><integer>7</integer>\n",
  weekly:
    "    <key>Weekday</key><integer>1</integer>\n    <key>Hour</key><integer>12</integer>\n    <key>Minute</key><integer>7</integer>\n",
};

function launchd(schedule: Schedule, command: readonly string[]): Units {
  const words = command.map((word) => `    <string>${xml(word)}</string>\n`).join("");
  const text = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>${LABEL}</string>
  <key>ProgramArguments</key>
  <array>
${words}  </array>
  <key>StartCalendarInterval</key>
  <dict>
${CALENDAR[schedule]}  </dict>
  <key>LowPriorityIO</key><true/>
  <key>ProcessType</key><string>Background</string>
</dict>
</plist>
`;
  const path = `~/Library/LaunchAgents/${LABEL}.plist`;
  return {
    files: [{ path, text }],
    commands: [`launchctl bootstrap gui/$(id -u) ${path}`],
    undo: [`launchctl bootout gui/$(id -u)/${LABEL}`],
  };
}

/** Every hour of a day, so that a machine that was off catches up. */
const TRIGGER: Record<Schedule, string> = {
  hourly:
    "      <Repetition><Interval>PT1H</Interval></Repetition>\n      <StartBoundary>2026-01-01T00:07:00</StartBoundary>\n      <ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>\n",
  daily:
    "      <StartBoundary>2026-01-01T12:07:00</StartBoundary>\n      <ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>\n",
  weekly:
    "      <StartBoundary>2026-01-05T12:07:00</StartBoundary>\n      <ScheduleByWeek><WeeksInterval>1</WeeksInterval><DaysOfWeek><Monday/></DaysOfWeek></ScheduleByWeek>\n",
};

/**
 * The text is ASCII and declares no encoding: schtasks takes a file for UTF-16 by its mark, and for the system's code page otherwise,
 * and refuses one that declares UTF-8. So it is read the same however an editor, or `>` in PowerShell, has saved it.
 */
function windows(schedule: Schedule, [program = "", ...words]: readonly string[], shell: Shell): Units {
  // Asked for on another system, or in a shell that takes /TN for a path.
  const path = withVariable("LOCALAPPDATA", `\\memorygraph-migrate\\${NAME}.xml`, shell === "posix" ? "cmd" : shell);
  const text = `<?xml version="1.0"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>Backup of MemoryGraph's memories</Description>
  </RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
${TRIGGER[schedule]}    </CalendarTrigger>
  </Triggers>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <Hidden>true</Hidden>
  </Settings>
  <Actions>
    <Exec>
      <Command>${asciiXml(program)}</Command>
      <Arguments>${asciiXml(words.map(windowsWord).join(" "))}</Arguments>
    </Exec>
  </Actions>
</Task>
`;
  return {
    files: [{ path, text }],
    commands: [`schtasks /Create /TN ${NAME} /XML ${path}`],
    undo: [`schtasks /Delete /TN ${NAME} /F`],
  };
}

/** As programs of Windows split their command line again. */
function windowsWord(word: string): string {
  if (word !== "" && !/[\s"]/.test(word)) return word;
  return `"${word.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, "$1$1")}"`;
}

function asciiXml(text: string): string {
  return xml(text).replace(/[^\0-~]/gu, (sign) => `&#${sign.codePointAt(0)};`);
}

function xml(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign]!);
}
