// Every state of the widget by the rules of WCAG 2.2 AA, light and dark, narrow or wide, and as it looked before.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { chromium } from "playwright-core";

import { startFakeServer } from "./fake-server.mjs";
import { accessible } from "./support/axe.mjs";
import { fontsOf, isComparable, looksAsBefore } from "./support/baseline.mjs";
import { SCENES, signIn } from "./support/scenes.mjs";

// A state of alice's is a server's: as many as there are states at the same time.
const LANES = 2;
let servers, browser;
let comparable = false;

before(async () => {
  servers = await Promise.all(Array.from({ length: LANES }, () => startFakeServer({ root: "dist" })));
  browser = await chromium.launch({
    executablePath: process.env.RINGDOWN_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
      "--autoplay-policy=no-user-gesture-required", "--disable-features=WebRtcHideLocalIpsWithMdns",
    ],
  });
  for (const { address } of servers) {
    const media = await browser.newPage();
    await media.goto(`${address}/switch.html`);
    comparable = isComparable(await fontsOf(media));
  }
});

after(async () => {
  await browser?.close();
  await Promise.all((servers ?? []).map((server) => server.close()));
});

async function look(scene, server, t) {
  // Narrow and wide, light and dark take turns, by what does not change when a scene is added.
  const isOdd = scene.name.length % 2 === 1;
  const width = scene.narrow || isOdd ? 320 : 1100;
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
    if (!scene.picture) return;
    if (!comparable) {
      t.diagnostic("other fonts than the baseline's: pictures are not compared");
      return;
    }
    await page.emulateMedia({ colorScheme: isOdd ? "dark" : "light" });
    await looksAsBefore(page, scene.picture, scene.name);
  } finally {
    await context.close();
    server.reset();
  }
}

describe("states", { concurrency: LANES }, () => {
  for (let lane = 0; lane < LANES; lane++) {
    describe(`lane ${lane + 1}`, { concurrency: 1 }, () => {
      for (const scene of SCENES.filter((_, index) => index % LANES === lane)) test(scene.name, (t) => look(scene, servers[lane], t));
    });
  }
});
