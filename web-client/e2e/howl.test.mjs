// Two devices in one room that hear each other: the tone in the microphone is told, until the microphone is muted.

import { test } from "node:test";
import { chromium } from "playwright-core";

import { startFakeServer } from "./fake-server.mjs";
import { signIn } from "./support/scenes.mjs";
import { toneFile } from "./support/stand.mjs";

test("a tone that rings in the microphone of a call is told, and no longer once it is muted", async () => {
  const server = await startFakeServer({ root: "dist" });
  const browser = await chromium.launch({
    executablePath: process.env.RINGDOWN_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
      `--use-file-for-fake-audio-capture=${toneFile(1810)}`, "--autoplay-policy=no-user-gesture-required", "--disable-features=WebRtcHideLocalIpsWithMdns",
    ],
  });
  try {
    await (await browser.newPage()).goto(`${server.address}/switch.html`);
    const context = await browser.newContext({ permissions: ["microphone"] });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    await page.goto(`${server.address}/phone.html`);
    await signIn(page);
    await page.getByTestId("people").waitFor();
    server.ring("102");
    await page.getByTestId("answer").click();
    await page.getByTestId("notice-howl").waitFor();
    await page.getByTestId("mute").first().click();
    await page.getByTestId("notice-howl").waitFor({ state: "detached" });
  } finally {
    await browser.close();
    await server.close();
  }
});
