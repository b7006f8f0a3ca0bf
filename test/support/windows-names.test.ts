/** Which names Windows takes, told on every system. */
import { expect, test } from "bun:test";
import { isDeviceOfWindows, refusedByWindows } from "../../src/support/windows-names.ts";

test.each([
  ["C:\\Users\\me\\memory.db"],
  ["memory.db"],
  [".\\..\\sub/memory.db"],
  ["D:memory.db"],
  ["\\\\server\\share$\\memory.db"],
  ["\\\\?\\C:\\a b\\memory.db"],
  ["\\\\?\\UNC\\server\\share\\memory.db"],
  ["kept\\"],
  ["Zoë 記憶 🚀 (1) 100% ^&.db"],
  ["console.db"],
  ["com.db"],
  ["com10.db"],
  ["null"],
])("a name that Windows takes: %s", (path) => {
  expect([refusedByWindows(path, "win32"), isDeviceOfWindows(path, "win32")]).toEqual([null, false]);
});

test.each([
  ["NUL", "NUL", "device"],
  ["C:\\stores\\nul.db", "nul.db", "device"],
  ["aux .tar.gz", "aux .tar.gz", "device"],
  ["x/COM1/memory.db", "COM1", "device"],
  ["lpt².db", "lpt².db", "device"],
  ["a?b.db", "a?b.db", '"?"'],
  ['a"b.db', 'a"b.db', '"\\""'],
  ["a\tb.db", "a\tb.db", '"\\t"'],
  ["memory.db:copy", "memory.db:copy", '":"'],
  ["a:b:c.db", "b:c.db", '":"'],
  ["C:\\memory.db.", "memory.db.", "dot or a space"],
  ["my folder \\memory.db", "my folder ", "dot or a space"],
])("a name that Windows does not take: %s", (path, name, why) => {
  expect(refusedByWindows(path, "win32")).toEqual({ name, why: expect.stringContaining(why) });
  expect(refusedByWindows(path, "linux")).toBeNull();
});

test("a device is in every folder, and a pipe is one", () => {
  for (const path of ["NUL", "C:\\x\\con.db", "\\\\.\\pipe\\memory", "//./C:"]) {
    expect([isDeviceOfWindows(path, "win32"), isDeviceOfWindows(path, "linux")]).toEqual([true, false]);
  }
  expect(isDeviceOfWindows("con\\memory.db", "win32")).toBe(false);
});
