// A person at a browser: Chromium with a tone for a microphone, and the widget.

import { writeFileSync } from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";

import { soundFolder, toneFile } from "./stand.mjs";

const recorder = path.join(import.meta.dirname, "recorder.js");
const executablePath = process.env.RINGDOWN_CHROMIUM ?? "/usr/bin/chromium";

const quiet = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Opens a browser whose microphone speaks one tone. The microphone is `granted`, `asked` for by the first call and
 * allowed, or `refused`. More permissions and arguments of Chromium may be given.
 */
export async function openBrowser(hz, options = {}) {
  const microphone = options.microphone ?? "granted";
  const browser = await chromium.launch({
    executablePath,
    headless: true,
    args: [
      ...quiet,
      "--use-fake-device-for-media-stream",
      ...(microphone === "refused" ? [] : ["--use-fake-ui-for-media-stream"]),
      `--use-file-for-fake-audio-capture=${toneFile(hz)}`,
      ...(options.args ?? []),
      ...(options.autoplay === "blocked" ? [] : ["--autoplay-policy=no-user-gesture-required"]),
    ],
  });
  const context = await browser.newContext({
    // The recorder brings an audio worklet of its own, which the page's policy rightly forbids.
    bypassCSP: true,
    ignoreHTTPSErrors: true,
    viewport: options.viewport ?? { width: 1280, height: 800 },
    permissions: options.permissions ?? (microphone === "granted" ? ["microphone"] : []),
  });
  await context.addInitScript({ path: recorder });
  return { browser, context };
}

/** Saves what the page heard on its latest (or the given) peer connection, or its `speaker`, as a WAV file. */
export async function heard(page, name, index) {
  const recorded = await page.evaluate((which) => globalThis.__recorded(which), index);
  const samples = Buffer.from(recorded.base64, "base64");
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(recorded.rate, 24);
  head.writeUInt32LE(recorded.rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples.length, 40);
  const file = path.join(soundFolder, `${name}.wav`);
  writeFileSync(file, Buffer.concat([head, samples]));
  return { file, startedAt: recorded.startedAt, samples: new Int16Array(samples.buffer, samples.byteOffset, samples.length / 2), rate: recorded.rate };
}
