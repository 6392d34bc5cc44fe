// Several tabs of one browser are one phone: one rings and has the audio, all show and control.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { expectWithin } from "./support/expect.mjs";
import { heard, openBrowser } from "./support/person.mjs";
import { firstHeardAt } from "./support/sound.mjs";
import { startStand } from "./support/stand.mjs";
import { openWidget } from "./support/widget.mjs";

// Well away from each other and from the tones of calls.
const ALICE_HZ = 1800;
const BOB_HZ = 1050;
let stand, aliceBrowser, bobBrowser, alice;

before(async () => {
  stand = await startStand();
  [aliceBrowser, bobBrowser] = await Promise.all([openBrowser(ALICE_HZ), openBrowser(BOB_HZ)]);
  alice = await openWidget(aliceBrowser.context, stand.url, stand.accounts.alice);
});

after(async () => {
  await Promise.allSettled([aliceBrowser?.browser.close(), bobBrowser?.browser.close()]);
  assert.ok(await stand?.stop(), "both programs end cleanly");
});

/** How many connections for audio a page has. */
const connections = (widget) => widget.page.evaluate(() => globalThis.__recordings.length);

/** Whether a page hears a tone after a moment. */
const hears = async (widget, name, hz, since) => {
  if ((await connections(widget)) === 0) return false;
  return firstHeardAt(await heard(widget.page, name), hz, since) !== undefined;
};

test("one tab rings, another answers and controls, the first is closed and the call goes on", async (t) => {
  const sockets = [];
  bobBrowser.context.on("page", (page) => page.on("websocket", (socket) => sockets.push(socket)));
  const first = await openWidget(bobBrowser.context, stand.url, stand.accounts.bob);
  const second = await openWidget(bobBrowser.context, stand.url, stand.accounts.bob);
  const third = await openWidget(bobBrowser.context, stand.url, stand.accounts.bob);
  await third.page.close();
  // The tab that is looked at leads; wait until that is settled.
  await expectWithin(async () => {
    const open = sockets.filter((socket) => !socket.isClosed());
    return open.length === 1;
  }, "the tabs have one connection", () => sockets.map((socket) => socket.isClosed()).join());

  await alice.dial("102");
  await Promise.all([first.control("answer").waitFor(), second.control("answer").waitFor()]);
  const leads = async (widget) => (await connections(widget)) > 0;
  await expectWithin(async () => (await leads(first)) !== (await leads(second)), "one of the tabs has the audio");
  const [leader, follower] = (await leads(first)) ? [first, second] : [second, first];

  let since = Date.now();
  await follower.answer();
  await Promise.all([alice.active(), leader.active(), follower.active()]);
  await expectWithin(() => hears(alice, "tabs-alice", BOB_HZ, since), "alice hears bob");
  await expectWithin(() => hears(leader, "tabs-bob", ALICE_HZ, since), "the leading tab hears alice");
  assert.equal(await connections(follower), 0, "the other tab has no audio");

  await follower.control("hold").click();
  await Promise.all([leader.call("held"), follower.call("held")]);
  await leader.control("hold").click();
  await Promise.all([leader.call("active"), follower.call("active")]);

  since = Date.now();
  await leader.page.close();
  await expectWithin(() => hears(follower, "tabs-closed", ALICE_HZ, since), "the other tab has the audio", undefined, 15_000);
  t.diagnostic(`the other tab hears alice ${Math.round(firstHeardAt(await heard(follower.page, "tabs-closed"), ALICE_HZ, since) - since)} ms after the first is closed`);
  await expectWithin(async () => {
    const moment = Date.now() - 700;
    return firstHeardAt(await heard(alice.page, "tabs-alice-after"), BOB_HZ, moment) !== undefined;
  }, "alice hears bob again", undefined, 15_000);
  await follower.call("active");
  await follower.hangup();
  await alice.ended("hangup");
});

test("somebody else in another tab of the browser is a phone of their own", async () => {
  const carol = await openWidget(aliceBrowser.context, stand.url, stand.accounts.carol ?? stand.accounts.admin);
  await expectWithin(async () => (await carol.control("header").getAttribute("data-state")) === "ready", "the other person is signed in");
  await expectWithin(async () => (await alice.control("header").getAttribute("data-state")) === "ready", "alice is too");
  await carol.page.close();
});
