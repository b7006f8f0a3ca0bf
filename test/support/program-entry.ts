/** What scripts/test.ts builds for the tests that start the program: the program, which can be stopped at a named moment. */
import "../faults/preload.ts";

await import("../../src/main.ts");
