/* global navigator, PushManager, registration, clients, NotificationEvent, caches, btoa, location, dispatchEvent */
// A closed phone rings: the app server's message goes to a push service of the test, which opens it as a browser does and has
// Chromium deliver it to the real service worker over the debugging protocol. Chromium without its maker's services can
// subscribe nowhere, and a test cannot click on a notification: those two are played.

import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { after, before, test } from "node:test";

import { expectWithin } from "./support/expect.mjs";
import { heard, openBrowser } from "./support/person.mjs";
import { startPushService } from "./support/push-service.mjs";
import { hearsOnly, soundFolder, startStand } from "./support/stand.mjs";
import { Widget, openWidget } from "./support/widget.mjs";

let service, stand, alice, bob, bobsWidget, browser, second, key, deliver;

/** The browser's part of a subscription. */
const playSubscription = (subscription) => {
  let options = null;
  const given = () => options && { ...subscription, options, toJSON: () => subscription, unsubscribe: () => { options = null; return Promise.resolve(true); } };
  PushManager.prototype.subscribe = (wanted) => {
    options = wanted;
    globalThis.__key = btoa(String.fromCharCode(...new Uint8Array(wanted.applicationServerKey)));
    return Promise.resolve(given());
  };
  PushManager.prototype.getSubscription = () => Promise.resolve(given());
};

/** Has the debugging protocol deliver messages to the service worker of an origin. */
async function deliverer(context, url) {
  const page = await context.newPage();
  await page.goto(`${url}/api/openapi.json`);
  const debug = await context.newCDPSession(page);
  let registrationId;
  debug.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
    registrationId = registrations.find(({ scopeURL }) => scopeURL === `${url}/`)?.registrationId ?? registrationId;
  });
  await debug.send("ServiceWorker.enable");
  return async (message) => {
    await expectWithin(() => registrationId !== undefined, "the service worker is known");
    await debug.send("ServiceWorker.deliverPushMessage", { origin: url, registrationId, data: JSON.stringify(message) });
  };
}

before(async () => {
  service = await startPushService();
  const config = path.join(soundFolder, "push.toml");
  writeFileSync(config, 'push_hosts = ["127.0.0.1"]\n');
  process.env.RINGDOWN_CONFIG = config;
  stand = await startStand();
  delete process.env.RINGDOWN_CONFIG;
  [alice, bob] = await Promise.all([openBrowser(500, { permissions: ["microphone", "notifications"] }), openBrowser(900)]);
  bobsWidget = await openWidget(bob.context, stand.url, stand.accounts.bob, "/phone.html");
  [browser, second] = [service.subscribe("first"), service.subscribe("second")];
  await alice.context.addInitScript(playSubscription, browser.subscription);
});

after(async () => {
  await Promise.all([alice?.browser.close(), bob?.browser.close()]);
  service?.stop();
  await stand?.stop();
});

const worker = () => alice.context.serviceWorkers().at(-1);
const shown = () => worker().evaluate(async () => (await registration.getNotifications()).map(({ title, body, tag }) => `${tag}: ${title}, ${body}`));
const shows = (text) => expectWithin(async () => (await shown()).includes(text), `shown: ${text}`, async () => JSON.stringify(await shown()));
const gone = (call) => expectWithin(async () => !(await shown()).some((text) => text.includes(call)), "it goes", shown);

/** Clicks on the notification of a call; where a window is opened by it, if one is. */
const click = (call, action) =>
  worker().evaluate(async ([tag, pressed]) => {
    const [notification] = await registration.getNotifications({ tag });
    let opened = null;
    clients.openWindow = (url) => {
      opened = new URL(url, location.href).href;
      return Promise.resolve(null);
    };
    const event = new NotificationEvent("notificationclick", { notification, action: pressed });
    let work = Promise.resolve();
    event.waitUntil = (promise) => { work = promise; };
    dispatchEvent(event);
    await work;
    return opened;
  }, [`ringdown-call-${call}`, action]);

/** Bob calls alice, whose browser is told and shows it. */
async function ring() {
  await bobsWidget.dial("101");
  const message = await browser.next("call");
  assert.equal(message.number, "102");
  assert.equal(message.key, key, "signed with the key the browser subscribed to");
  await deliver(message);
  await shows(`ringdown-call-${message.call}: ${message.name} is calling, 102`);
  return message.call;
}

test("ringing while closed is switched on in the settings", async () => {
  const widget = await openWidget(alice.context, stand.url, stand.accounts.alice, "/phone.html");
  const { page } = widget;
  await widget.control("settings").click();
  await widget.control("settings-push").click();
  await page.getByRole("switch", { checked: false }).click();
  await expectWithin(() => page.evaluate(() => globalThis.__key !== undefined), "the browser subscribes");
  key = Buffer.from(await page.evaluate(() => globalThis.__key), "base64").toString("base64url");
  // Another browser of hers.
  const post = async (where, body, token) => {
    const headers = { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const answer = await fetch(`${stand.url}/api/v1/${where}`, { method: "POST", headers, body: JSON.stringify(body) });
    assert.ok(answer.ok, `${where}: ${answer.status}`);
    return answer.status === 204 ? null : answer.json();
  };
  const { username, password } = stand.accounts.alice;
  const { accessToken } = await post("login", { username, password });
  await post("push/subscriptions", second.subscription, accessToken);
  await page.getByRole("switch", { checked: true }).waitFor();
  deliver = await deliverer(alice.context, stand.url);
  await page.close();
});

test("a call is answered from the notification, and her other browser stops ringing", async () => {
  const call = await ring();
  const opened = new URL(await click(call, "answer"));
  assert.equal(opened.pathname, "/phone.html");
  opened.search = "raw-audio";
  const page = await alice.context.newPage();
  await page.goto(opened.href);
  await Promise.all([new Widget(page).active(), bobsWidget.active()]);
  assert.equal((await second.next("over")).reason, "answered-elsewhere");
  for (const [who, on, hz] of [["bob", bobsWidget.page, 500], ["alice", page, 900]]) {
    let [last, at] = [null, 0];
    // Any whole second will do: the first ones of a loaded machine have gaps.
    await expectWithin(async () => {
      const { file, samples, rate } = await heard(on, `push-${who}`);
      while (at + 1 < samples.length / rate && !last?.ok) last = hearsOnly(file, hz, `${at}:${++at}`);
      return last?.ok ?? false;
    }, `${who} hears the other`, () => last?.measured, 15_000);
  }
  assert.equal(new URL(page.url()).hash, "", "a reload answers nothing");
  await bobsWidget.hangup();
  await page.close();
  await bobsWidget.tidy();
});

test("a call is declined from the notification, and no page opens", async () => {
  const call = await ring();
  assert.equal(await click(call, "decline"), null);
  await bobsWidget.ended("declined");
  await gone(call);
  await bobsWidget.tidy();
});

test("a call whose caller gives up becomes a missed one", async () => {
  const call = await ring();
  await bobsWidget.hangup();
  const over = await expectOver(call);
  await deliver(over);
  await expectWithin(async () => (await shown()).some((text) => text.includes(call) && text.endsWith("Missed call")), "it was missed", shown);
  await bobsWidget.tidy();
});

async function expectOver(call) {
  for (;;) {
    const message = await browser.next("over");
    if (message.call === call) return message;
  }
}

const told = (id, more = {}) => ({ type: "call", call: id, leg: "l", name: "Bob", number: "102", at: Date.now(), ringMs: 30_000, decline: "secret", ...more });

test("messages that come late, never or in the wrong order leave nothing ringing", async () => {
  await deliver(told("c1"));
  await shows("ringdown-call-c1: Bob is calling, 102");
  await deliver({ type: "over", call: "c1", reason: "answered-elsewhere", at: Date.now() });
  await gone("c1");
  await deliver(told("c2", { at: Date.now() - 60_000 }));
  await shows("ringdown-call-c2: Bob, Missed call");
  await deliver(told("c3", { ringMs: 600 }));
  await shows("ringdown-call-c3: Bob, Missed call");
  await deliver({ type: "over", call: "c4", reason: "cancelled", at: Date.now() });
  await deliver(told("c4"));
  await shows("ringdown-call-c4: Bob, Missed call");
});

test("a tel: link shows its number and calls nobody", async () => {
  const page = await alice.context.newPage();
  await page.goto(`${stand.url}/phone.html#dial=${encodeURIComponent("tel:+49-30-123456;ext=1")}`);
  await page.getByTestId("number").waitFor();
  assert.equal(await page.getByTestId("number").inputValue(), "+4930123456");
  assert.equal(await page.evaluate(() => document.querySelector("ringdown-phone").client.calls.length), 0);
  assert.equal(new URL(page.url()).hash, "");
  await page.close();
});

test("what is kept for when the network is gone is of one build, whole, and gives way to the next", async () => {
  const dist = path.resolve(import.meta.dirname, "../dist");
  const TYPES = { ".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml" };
  let build = "";
  const asked = [];
  /** The next image's files are the same under other names. */
  const assets = readdirSync(path.join(dist, "assets")).filter((name) => !/\.(br|gz)$/.test(name));
  const renamed = (text) => (build === "" ? text : assets.reduce((done, name) => done.replaceAll(name, build + name), text).replace("<title>Ringdown phone", `<title>Phone ${build}`));
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    asked.push(pathname);
    const isText = /\.(html|js)$/.test(pathname);
    try {
      const content = readFileSync(path.join(dist, path.normalize(build === "" ? pathname : pathname.replace(`/assets/${build}`, "/assets/"))));
      if (build !== "" && pathname.startsWith("/assets/") && !pathname.startsWith(`/assets/${build}`)) throw new Error("gone with its build");
      response.writeHead(200, { "content-type": TYPES[path.extname(pathname)] ?? "application/octet-stream", "cache-control": "no-cache" });
      response.end(isText ? renamed(content.toString()) : content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  const context = await alice.browser.newContext();
  const page = await context.newPage();
  const kept = () => page.evaluate(async () => (await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map((request) => new URL(request.url).pathname)))));
  try {
    await page.goto(`${url}/phone.html`);
    await page.evaluate(async () => {
      await navigator.serviceWorker.register("/sw.js");
      await navigator.serviceWorker.ready;
    });
    const [first] = await kept();
    assert.ok(first.includes("/phone.html") && first.filter((file) => /\/(de|ru|zh)-/.test(file)).length === 3, `the page with all its languages: ${first}`);
    await context.setOffline(true);
    await page.reload();
    await page.getByTestId("sign-in").waitFor();
    await context.setOffline(false);
    build = "b-";
    asked.length = 0;
    await page.reload();
    await page.getByTestId("sign-in").waitFor();
    assert.equal(await page.title(), "Phone b-");
    await expectWithin(async () => (await kept()).length === 1 && (await kept())[0].every((file) => file === "/phone.html" || file.startsWith("/assets/b-")), "the build before is gone", kept);
    assert.deepEqual(asked.filter((file) => file.startsWith("/assets/") && !file.startsWith("/assets/b-")), [], "nothing of the build before is asked for");
    await context.setOffline(true);
    await page.reload();
    await page.getByTestId("sign-in").waitFor();
    assert.equal(await page.title(), "Phone b-");
  } finally {
    await context.close();
    server.close();
  }
});
