/** Runs in a thread of its own: answers each PlainBlock with a PressedBlock, in their order. */
import { collectGarbage } from "../../support/garbage.ts";
import { type PlainBlock, Press } from "./press.ts";

declare const self: Worker;

const press = new Press();

self.onmessage = ({ data }: MessageEvent<PlainBlock>) => {
  self.postMessage(press.press(data));
  collectGarbage();
};
