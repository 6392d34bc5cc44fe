// A person at a browser whose camera shows one colour, and what others see of it.

import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";

import { expectWithin } from "./expect.mjs";
import { openBrowser } from "./person.mjs";
import { soundFolder } from "./stand.mjs";

const script = path.join(import.meta.dirname, "camera.js");

/** What cameras show: luma and chroma (BT.601), and how it is told apart in red, green and blue. */
const COLOURS = {
  red: { yuv: [81, 90, 240], is: ({ r, g, b }) => r > 120 && r > 2 * g && r > 2 * b },
  blue: { yuv: [41, 240, 110], is: ({ r, g, b }) => b > 120 && b > 2 * r && b > 2 * g },
  green: { is: ({ r, g, b }) => g > 100 && g > 1.7 * r && g > 1.7 * b },
};

/** A file of pictures of one colour with a bar that wanders. */
function pictures(colour) {
  const file = path.join(soundFolder, `${colour}.y4m`);
  if (existsSync(file)) return file;
  const [width, height, frames] = [320, 240, 16];
  const parts = [Buffer.from(`YUV4MPEG2 W${width} H${height} F15:1 Ip A1:1 C420\n`)];
  const [luma, ...chroma] = COLOURS[colour].yuv;
  for (let frame = 0; frame < frames; frame++) {
    const y = Buffer.alloc(width * height, luma);
    for (let row = 0; row < height; row++) y.fill(luma + 40, row * width + frame * 18, row * width + frame * 18 + 10);
    parts.push(Buffer.from("FRAME\n"), y, ...chroma.map((value) => Buffer.alloc((width * height) / 4, value)));
  }
  writeFileSync(file, Buffer.concat(parts));
  return file;
}

/** Opens a browser whose microphone speaks one tone and whose camera shows one colour. */
export async function openWithCamera(hz, colour) {
  const opened = await openBrowser(hz, {
    permissions: ["microphone", "camera"],
    args: [`--use-file-for-fake-video-capture=${pictures(colour)}`],
  });
  await opened.context.addInitScript({ path: script });
  return opened;
}

/** Which of the wanted codecs both browsers can send and receive. */
export const codecsOf = (page, wanted) =>
  page.evaluate((names) => {
    const known = ["RTCRtpSender", "RTCRtpReceiver"].map((side) => globalThis[side].getCapabilities("video").codecs.map(({ mimeType }) => mimeType));
    return names.filter((name) => known.every((codecs) => codecs.includes(name)));
  }, wanted);

/** Waits until one of a widget's pictures shows a colour. */
export async function shows(widget, picture, colour) {
  const look = async () => {
    const element = widget.control(`video-${picture}`);
    if ((await element.count()) === 0) return null;
    return element.evaluate((video) => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [16, 16];
      const context = canvas.getContext("2d");
      if (video.videoWidth === 0) return null;
      context.drawImage(video, 0, 0, 16, 16);
      const { data } = context.getImageData(0, 0, 16, 16);
      const sum = [0, 0, 0];
      for (let at = 0; at < data.length; at += 4) for (let part = 0; part < 3; part++) sum[part] += data[at + part];
      return { r: sum[0] / 256, g: sum[1] / 256, b: sum[2] / 256 };
    });
  };
  await expectWithin(async () => {
    const seen = await look();
    return seen !== null && COLOURS[colour].is(seen);
  }, `${picture} is ${colour}`, look, 25_000);
}

/** Waits until a picture is gone. */
export async function isGone(widget, picture) {
  await widget.control(`video-${picture}`).waitFor({ state: "detached", timeout: 15_000 });
}

/** The incoming streams in which something was decoded. */
export const decoded = async (widget) =>
  (await widget.page.evaluate(() => globalThis.__videoIn())).filter((stream) => stream.decoded > 0);

/** Waits until more pictures were decoded than before; of a codec, where one is named. */
export async function decodesMore(widget, codec) {
  const before = new Map((await decoded(widget)).map((stream) => [stream.ssrc, stream]));
  const grown = async () => (await decoded(widget)).filter((stream) => stream.decoded >= (before.get(stream.ssrc)?.decoded ?? 0) + 10);
  await expectWithin(async () => (await grown()).some((stream) => !codec || stream.codec === codec), `pictures of ${codec ?? "any codec"} are decoded`, () => widget.page.evaluate(() => globalThis.__videoIn()), 25_000);
  return grown();
}
