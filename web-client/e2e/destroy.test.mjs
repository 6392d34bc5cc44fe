// After destroy() nothing of the library is left in a page: no timer, socket, audio context, device, element or listener.

import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

import { startFakeServer } from "./fake-server.mjs";

let server, browser;

before(async () => {
  server = await startFakeServer({ root: path.join(import.meta.dirname, "../dist") });
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

const NOTHING = { timers: 0, sockets: 0, contexts: 0, peers: 0, tracks: 0, workers: 0, channels: 0, listeners: "" };

test("a client that rang, called, showed a camera and was destroyed leaves nothing behind", async () => {
  const page = await (await browser.newContext({ permissions: ["microphone", "camera"] })).newPage();
  await page.addInitScript({ path: path.join(import.meta.dirname, "support/held.js") });
  await page.goto(`${server.address}/docs/examples/example.css`);
  const before = await page.evaluate(() => globalThis.held());
  assert.deepEqual({ ...before, nodes: 0, stored: 0 }, { ...NOTHING, nodes: 0, stored: 0 }, "the page itself holds nothing");
  const begun = page.evaluate(async () => {
    const { RingdownClient } = await import("/ringdown-client.js");
    const client = globalThis.client = new RingdownClient({ server: "", token: async () => "alice" });
    await client.connect();
    client.audio.startRinging();
    const call = globalThis.call = await client.call("102");
    call.on("level", () => undefined);
    await new Promise((resolve) => { call.on("answered", resolve); });
    await call.startVideo();
  });
  await page.waitForFunction(() => globalThis.call?.state === "ringing");
  server.answer();
  await begun;
  const during = await page.evaluate(() => globalThis.held());
  for (const what of ["timers", "sockets", "contexts", "peers", "tracks"]) assert.ok(during[what] > 0, `a call has ${what}, else this test counts nothing`);
  await page.evaluate(() => globalThis.client.destroy());
  await page.waitForFunction(() => { const held = globalThis.held(); return held.timers + held.sockets + held.contexts === 0; }, null, { timeout: 10_000 }).catch(() => undefined);
  assert.deepEqual(await page.evaluate(() => globalThis.held()), before);
  assert.equal(await page.evaluate(() => globalThis.client.state), "closed");
  await page.context().close();
});

test("so does one that is destroyed while it connects, and while it places a call", async () => {
  const page = await (await browser.newContext({ permissions: ["microphone"] })).newPage();
  await page.addInitScript({ path: path.join(import.meta.dirname, "support/held.js") });
  await page.goto(`${server.address}/docs/examples/example.css`);
  const before = await page.evaluate(() => globalThis.held());
  await page.evaluate(async () => {
    const { RingdownClient } = await import("/ringdown-client.js");
    const open = () => new RingdownClient({ server: "", token: async () => "alice" });
    const early = open();
    const connecting = early.connect().catch(({ name }) => name);
    early.destroy();
    if (await connecting !== "not-connected") throw new Error("connect() tells that it was given up");
    const client = open();
    await client.connect();
    const placed = client.call("102").catch(({ name }) => name);
    client.destroy();
    if (!["call-ended", "not-connected", "media-failed"].includes(await placed)) throw new Error(`call() gave ${await placed}`);
  });
  await page.waitForFunction(() => { const held = globalThis.held(); return held.timers + held.sockets + held.contexts + held.tracks === 0; }, null, { timeout: 10_000 }).catch(() => undefined);
  assert.deepEqual(await page.evaluate(() => globalThis.held()), before);
  await page.context().close();
});
