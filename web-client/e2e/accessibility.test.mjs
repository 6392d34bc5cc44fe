// Every state of the widget by the rules of WCAG 2.2 AA, light and dark, narrow and wide.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

import { startFakeServer } from "./fake-server.mjs";
import { accessible } from "./support/axe.mjs";
import { SCENES, signIn } from "./support/scenes.mjs";

let server, browser;

before(async () => {
  server = await startFakeServer({ root: "dist" });
  browser = await chromium.launch({
    executablePath: process.env.RINGDOWN_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
      "--autoplay-policy=no-user-gesture-required", "--disable-features=WebRtcHideLocalIpsWithMdns",
    ],
  });
  await (await browser.newPage()).goto(`${server.address}/switch.html`);
});

after(async () => {
  await browser?.close();
  await server?.close();
});

for (const [index, scene] of SCENES.entries()) {
  test(scene.name, async () => {
    // Narrow and dark, wide and light take turns; colours are looked at in both anyway.
    const width = scene.narrow || index % 2 ? 320 : 1100;
    const context = await browser.newContext({ viewport: { width, height: 640 }, colorScheme: "light", reducedMotion: "reduce", permissions: ["microphone", "camera"] });
    try {
      const page = await context.newPage();
      page.setDefaultTimeout(10_000);
      await page.goto(`${server.address}/phone.html`);
      if (!scene.signedOut) {
        await signIn(page);
        await page.getByTestId("people").waitFor();
      }
      await scene.go(page, server);
      await accessible(page, `${scene.name}, light`);
      await page.emulateMedia({ colorScheme: "dark" });
      await accessible(page, `${scene.name}, dark`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(overflow, 0, `nothing sticks out at ${width} pixels`);
    } finally {
      await context.close();
      server.reset();
    }
  });
}
