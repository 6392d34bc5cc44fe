// Clients that were written for other servers: a Verto client from npm, and a Webitel connector with it for its sound.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { expectWithin, pause } from "./support/expect.mjs";
import { heard, openBrowser } from "./support/person.mjs";
import { bundle } from "./support/softphone.mjs";
import { hearsOnly, startStand } from "./support/stand.mjs";
import { openWidget } from "./support/widget.mjs";

const ALICE_HZ = 1800;
const BOB_HZ = 1050;
let stand, script, aliceBrowser, bobBrowser, alice, bob, carol;

before(async () => {
  [stand, script] = await Promise.all([startStand(), bundle("old-client.js")]);
  [aliceBrowser, bobBrowser] = await Promise.all([openBrowser(ALICE_HZ), openBrowser(BOB_HZ)]);
  alice = await aliceBrowser.context.newPage();
  alice.on("pageerror", (error) => console.error(`page error (alice): ${error.message}`));
  // Any page of the server's own origin: those of another would have to be listed.
  await alice.goto(`${stand.url}/healthz`);
  await alice.addScriptTag({ content: script });
  const socket = stand.url.replace("http", "ws");
  const { password } = stand.accounts.alice;
  await alice.evaluate(([url, secret]) => globalThis.startVerto({ url, login: "101@pbx.example", password: secret }), [
    `${socket}/compat/verto`,
    password,
  ]);
  const greeted = await alice.evaluate(
    ([url, secret]) => globalThis.startWebitel({ url, account: "101@pbx.example", secret }),
    [`${socket}/compat/webitel`, password],
  );
  assert.equal(greeted["exec-complete"], "+OK");
  bob = await openWidget(bobBrowser.context, stand.url, stand.accounts.bob);
});

after(async () => {
  await Promise.allSettled([aliceBrowser?.browser.close(), bobBrowser?.browser.close()]);
  assert.ok(await stand?.stop(), "both programs end cleanly");
});

afterEach(async () => {
  await alice.evaluate(() => {
    for (const { id, state } of globalThis.verto.state()) if (state !== "ended") globalThis.verto.do("hangup", id);
  });
  await bob.tidy();
});

const states = () => alice.evaluate(() => globalThis.verto.state());
const events = () => alice.evaluate(() => globalThis.webitel.events);

/** Waits until one of the Verto client's calls fits. */
async function aliceHas(what, fits) {
  await expectWithin(async () => (await states()).some(fits), what, async () => JSON.stringify(await states()), 12_000);
  return (await states()).find(fits);
}

/** Waits for an event of the Webitel connector. */
async function told(name, fits = () => true) {
  const found = async () => (await events()).find((event) => event["Event-Name"] === name && fits(event));
  await expectWithin(
    async () => Boolean(await found()),
    name,
    async () => JSON.stringify((await events()).map((event) => [event["Event-Name"], event["Unique-ID"]])),
    12_000,
  );
  return found();
}

const command = (name, args) => alice.evaluate(([what, given]) => globalThis.webitel.do(what, given), [name, args]);

/** Judges what a page heard from a moment on. */
async function hears(page, hz, since, name) {
  const recording = await heard(page, name);
  const offset = Math.max(0, (since - recording.startedAt) / 1000);
  const judged = hearsOnly(recording.file, hz, `${offset + 1.2}:${offset + 2.6}`);
  assert.ok(judged.ok, `${name} hears ${hz} Hz and nothing else: ${judged.measured}`);
}

test("a Verto client calls a widget, holds it, and is hung up", async () => {
  await alice.evaluate(() => globalThis.verto.call("102"));
  await bob.control("answer").waitFor();
  await aliceHas("early media", ({ state }) => state === "early");
  await bob.answer();
  await bob.active();
  const { id } = await aliceHas("an answer", ({ state }) => state === "active");
  const since = Date.now();
  await pause(3000);
  await hears(alice, BOB_HZ, since, "verto-calls");
  await hears(bob.page, ALICE_HZ, since, "verto-calls-widget");
  await alice.evaluate(() => globalThis.verto.do("hold"));
  await aliceHas("the hold", ({ held }) => held);
  assert.equal((await told("CHANNEL_HOLD"))["Unique-ID"], id, "the connector knows the call by the same name");
  await alice.evaluate(() => globalThis.verto.do("unhold"));
  await aliceHas("back", (call) => call.id === id && !call.held);
  await bob.hangup();
  await aliceHas("the end", (call) => call.id === id && call.state === "ended");
});

test("a widget calls a Verto client, which answers and hangs up", async () => {
  await bob.dial("101");
  const { id } = await aliceHas("an invitation", ({ state }) => state === "incoming");
  await alice.evaluate((call) => globalThis.verto.answer(call), id);
  await bob.active();
  const since = Date.now();
  await pause(3000);
  await hears(alice, BOB_HZ, since, "verto-is-called");
  await hears(bob.page, ALICE_HZ, since, "verto-is-called-widget");
  await alice.evaluate((call) => globalThis.verto.do("hangup", call), id);
  await bob.ended("hangup");
});

test("a Webitel connector calls, holds, consults and hands over", async () => {
  await alice.evaluate(() => (globalThis.webitel.events.length = 0));
  const other = await bobBrowser.browser.newContext({ permissions: ["microphone"], bypassCSP: true });
  carol = await openWidget(other, stand.url, stand.accounts.carol);
  assert.equal((await command("call", { extension: "102", user: "101@pbx.example" }))["exec-complete"], "+OK");
  const first = await told("CHANNEL_CREATE");
  await bob.control("answer").waitFor();
  await bob.answer();
  await bob.active();
  const since = Date.now();
  await pause(3000);
  await hears(bob.page, ALICE_HZ, since, "webitel-calls");

  const held = await command("hold", { "channel-uuid": first["Unique-ID"] });
  assert.equal(held["exec-complete"], "+OK", JSON.stringify(held));
  await told("CHANNEL_HOLD");
  const consulted = await command("att_xfer2", {
    "channel-uuid": first["Unique-ID"], extension: "103@pbx.example", user: "101@pbx.example", parent_call_uuid: first["Channel-Call-UUID"],
  });
  assert.equal(consulted["exec-complete"], "+OK", JSON.stringify(consulted));
  const second = await told("CHANNEL_CREATE", (event) => event["Unique-ID"] !== first["Unique-ID"]);
  assert.equal(second.variable_w_jsclient_xtransfer, first["Unique-ID"]);
  await carol.control("answer").waitFor();
  await carol.answer();
  await carol.active();
  await pause(500);
  const joined = await command("att_xfer_bridge", {
    "channel-uuid-leg-a": first["Unique-ID"], "channel-uuid-leg-b": first["Other-Leg-Unique-ID"], "channel-uuid-leg-c": second["Other-Leg-Unique-ID"],
  });
  assert.equal(joined["exec-complete"], "+OK", JSON.stringify(joined));
  for (const channel of [first, second]) {
    const end = await told("CHANNEL_HANGUP_COMPLETE", (event) => event["Unique-ID"] === channel["Unique-ID"]);
    assert.equal(end.variable_w_transfer_result, "confirmed");
  }
  const handedOver = Date.now();
  await pause(3000);
  await hears(bob.page, BOB_HZ, handedOver, "webitel-hands-over");
  await carol.hangup();
  await other.close();
});

test("a Verto client's page is reloaded in a call, and the two hear each other again", async () => {
  const page = await aliceBrowser.context.newPage();
  page.on("pageerror", (error) => console.error(`page error (reloaded): ${error.message}`));
  // As a site has it: the page loads the client each time.
  await page.addInitScript({ content: script });
  const open = async () => {
    const options = { url: `${stand.url.replace("http", "ws")}/compat/verto`, login: "101@pbx.example", password: stand.accounts.alice.password };
    await page.evaluate((given) => globalThis.startRecovering(given), options);
  };
  const has = (what, fits) => expectWithin(
    async () => (await page.evaluate(() => globalThis.recovering.state())).some(fits),
    what,
    () => page.evaluate(() => JSON.stringify([globalThis.recovering.state(), globalThis.recovering.notes])),
    15_000,
  );
  await page.goto(`${stand.url}/healthz`);
  await open();
  const id = await page.evaluate(() => globalThis.recovering.call("102"));
  await bob.control("answer").waitFor();
  await bob.answer();
  await bob.active();
  await has("an answer", (call) => call.id === id && call.state === "active");
  let since = Date.now();
  await pause(3000);
  await hears(page, BOB_HZ, since, "verto-before-reload");
  await page.reload();
  await open();
  // The call comes back by itself, under the name the page gave it.
  await has("the call again", (call) => call.id === id && call.state === "active");
  since = Date.now();
  await pause(3000);
  await hears(page, BOB_HZ, since, "verto-after-reload");
  await hears(bob.page, ALICE_HZ, since, "verto-after-reload-widget");
  await page.evaluate(() => globalThis.recovering.do("hold"));
  await has("the hold", ({ state }) => state === "held");
  await page.evaluate(() => globalThis.recovering.do("hangup"));
  await bob.ended("hangup");
  await page.close();
});

test("a page of Webitel's loads the library where it was, calls by number and writes", async () => {
  const page = await aliceBrowser.context.newPage();
  page.on("pageerror", (error) => console.error(`page error (old page): ${error.message}`));
  await page.goto(`${stand.url}/healthz`);
  await page.addScriptTag({ url: `${stand.url}/public/js/v3.1/webitelLibrary.js` });
  await page.evaluate(async ([server, secret]) => {
    const webitel = new globalThis.Webitel({ server, account: "101@pbx.example", secret, webrtc: true, reconnect: 5 });
    globalThis.old = { webitel, calls: [], ended: [], messages: [] };
    webitel.onNewCall((call) => globalThis.old.calls.push(call));
    webitel.onHangupCall((call) => globalThis.old.ended.push(call));
    webitel.onNewMessage((message) => globalThis.old.messages.push(message));
    await new Promise((resolve, reject) => {
      webitel.onReady(resolve);
      webitel.onError(({ message }) => reject(new Error(message)));
      webitel.connect();
    });
  }, [stand.url.replace("http", "ws"), stand.accounts.alice.password]);
  await page.evaluate(() => globalThis.old.webitel.call("102"));
  await bob.control("answer").waitFor();
  await bob.answer();
  await bob.active();
  const since = Date.now();
  await pause(3000);
  await hears(page, BOB_HZ, since, "old-page");
  await page.evaluate(() => globalThis.old.webitel.hangup(globalThis.old.calls[0].uuid));
  await bob.ended("hangup");
  await page.waitForFunction(() => globalThis.old.ended.length === 1);
  const sent = await page.evaluate(() => new Promise((resolve) => globalThis.old.webitel.sendMessage("102@pbx.example", "hello", resolve)));
  assert.ok(sent.response.response.startsWith("+OK"), JSON.stringify(sent));
  const reply = await command("chat_send", { to: "101@pbx.example", message: "to myself" });
  assert.equal(reply["exec-complete"], "-ERR", "nobody writes to themselves");
  await page.close();
});

test("a CTI panel calls by its provider, holds, hangs up, and keeps a record", async () => {
  const page = await aliceBrowser.context.newPage();
  page.on("pageerror", (error) => console.error(`page error (panel): ${error.message}`));
  await page.goto(`${stand.url}/cti.html?raw-audio`);
  await page.getByLabel("Name").fill("alice");
  await page.getByLabel("Password").fill(stand.accounts.alice.password);
  await page.getByRole("button", { name: "Connect" }).click();
  const call = page.getByTestId("call");
  const is = (state) => page.locator(`[data-testid=call][data-state=${state}]`).waitFor();
  await page.getByTestId("number").fill("102");
  await page.getByTestId("dial").click();
  await bob.control("answer").waitFor();
  assert.ok(await call.getByTestId("can-hold").isDisabled(), "nothing to hold yet");
  await bob.answer();
  await is("CONNECTED");
  const since = Date.now();
  await pause(3000);
  await hears(page, BOB_HZ, since, "panel-calls");
  await hears(bob.page, ALICE_HZ, since, "panel-calls-widget");
  await call.getByTestId("can-hold").click();
  await is("HOLDED");
  await call.getByTestId("can-unhold").click();
  await is("CONNECTED");
  await call.getByTestId("can-drop").click();
  await bob.ended("hangup");
  await page.locator("[data-testid=records] tr[data-state=NONE]").waitFor();
  assert.equal(await page.locator("[data-testid=records] tr").count(), 1, "one record");
  await page.close();
});
