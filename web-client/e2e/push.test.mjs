/* global navigator */
// The service worker in a real browser: a push message, delivered over the debugging protocol, shows the call and takes it
// back; the phone's page opens without a network.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

import { expectWithin } from "./support/expect.mjs";

const dist = path.resolve(import.meta.dirname, "../dist");
const TYPES = { ".js": "text/javascript", ".css": "text/css", ".html": "text/html" };
let server, url, browser, context, page, deliver;

before(async () => {
  server = createServer((request, response) => {
    const name = new URL(request.url, "http://localhost").pathname;
    try {
      const body = readFileSync(path.join(dist, path.normalize(name)));
      response.writeHead(200, { "content-type": TYPES[path.extname(name)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${server.address().port}`;
  browser = await chromium.launch({ executablePath: process.env.RINGDOWN_CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
  context = await browser.newContext();
  await context.grantPermissions(["notifications"], { origin: url });
  page = await context.newPage();
  await page.goto(`${url}/phone.html`);
  const debug = await context.newCDPSession(page);
  let registration;
  debug.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => { registration = registrations[0]?.registrationId ?? registration; });
  await debug.send("ServiceWorker.enable");
  await page.evaluate(async () => {
    await navigator.serviceWorker.register("/sw.js");
    await navigator.serviceWorker.ready;
  });
  await expectWithin(() => registration !== undefined, "the service worker is known");
  deliver = (message) => debug.send("ServiceWorker.deliverPushMessage", { origin: url, registrationId: registration, data: JSON.stringify(message) });
});

after(async () => {
  await browser?.close();
  server?.close();
});

const shown = () => page.evaluate(async () => (await (await navigator.serviceWorker.ready).getNotifications()).map(({ title, body, tag }) => `${tag}: ${title}, ${body}`));
const call = (id, at = Date.now()) => ({ type: "call", call: id, leg: "l", name: "Bob", number: "102", at, ringMs: 30_000, decline: "secret" });
const shows = (text) => expectWithin(async () => (await shown()).includes(text), `shown: ${text}`, async () => JSON.stringify(await shown()));

test("a call is shown, and becomes a missed one when nobody answers", async () => {
  await deliver(call("c1"));
  await shows("ringdown-call-c1: Bob is calling, 102");
  await deliver({ type: "over", call: "c1", reason: "cancelled", at: Date.now() });
  await shows("ringdown-call-c1: Bob, Missed call");
});

test("a call that was answered elsewhere goes, and one told too late rings nobody", async () => {
  await deliver(call("c2"));
  await shows("ringdown-call-c2: Bob is calling, 102");
  await deliver({ type: "over", call: "c2", reason: "answered-elsewhere", at: Date.now() });
  await expectWithin(async () => !(await shown()).some((text) => text.includes("c2")), "it goes", shown);
  await deliver(call("c3", Date.now() - 60_000));
  await shows("ringdown-call-c3: Bob, Missed call");
});

test("the phone's page opens without a network", async () => {
  await page.reload();
  await page.locator("ringdown-phone").waitFor();
  await context.setOffline(true);
  await page.reload();
  await page.getByTestId("sign-in").waitFor();
  assert.equal(await page.title(), "Ringdown phone");
});
