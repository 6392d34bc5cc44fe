// Calls outlive what carries their signalling: a killed app server, and a page without its connection.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { pause } from "./support/expect.mjs";
import { openLine } from "./support/line.mjs";
import { heard, openBrowser } from "./support/person.mjs";
import { firstHeardAt, longestLoss } from "./support/sound.mjs";
import { startStand } from "./support/stand.mjs";
import { meet, openWidget } from "./support/widget.mjs";

// Well away from each other, from the ringing tone (425 Hz) and from DTMF.
const ALICE_HZ = 1800;
const BOB_HZ = 1050;
const OUTAGE_MS = 3000;
let stand, aliceLine, bobLine, aliceBrowser, bobBrowser, alice, bob;

before(async () => {
  stand = await startStand();
  [aliceLine, bobLine] = await Promise.all([openLine(stand.url), openLine(stand.url)]);
  [aliceBrowser, bobBrowser] = await Promise.all([openBrowser(ALICE_HZ), openBrowser(BOB_HZ)]);
  alice = await openWidget(aliceBrowser.context, aliceLine.url, stand.accounts.alice);
  bob = await openWidget(bobBrowser.context, bobLine.url, stand.accounts.bob);
});

after(async () => {
  await Promise.allSettled([aliceBrowser?.browser.close(), bobBrowser?.browser.close()]);
  await Promise.allSettled([aliceLine?.close(), bobLine?.close()]);
  assert.ok(await stand?.stop(), "both programs end cleanly");
});

afterEach(async () => {
  for (const widget of [alice, bob]) await widget.tidy();
});

/** Each hears the other without a gap; returns the longest loss of each in milliseconds. */
async function hearWithoutGap(from, to, name) {
  const losses = [];
  for (const [who, widget, hz] of [["alice", alice, BOB_HZ], ["bob", bob, ALICE_HZ]]) {
    const loss = longestLoss(await heard(widget.page, `${name}-${who}`), hz, from, to);
    assert.ok(loss <= 200, `${who} misses nothing of the other: ${loss} ms`);
    losses.push(loss);
  }
  return losses;
}

/** The call is still a call: it can be held, taken back and hung up, and both are told. */
async function canBeControlled() {
  await alice.control("hold").click();
  await alice.call("held");
  await bob.page.getByText("on hold").first().waitFor();
  await alice.control("hold").click();
  await alice.call("active");
  await bob.page.getByText("on hold").first().waitFor({ state: "detached" });
  await bob.hangup();
  await alice.ended("hangup");
}

const callId = (widget) =>
  widget.page.evaluate(() => document.querySelector("ringdown-phone").client.activeCall.callId);

/** How often a call is in the history, as its list is shown and as the server tells it. */
async function inHistory(widget, id) {
  const page = await widget.page.evaluate(() => document.querySelector("ringdown-phone").client.history.list());
  return page.entries.filter((entry) => entry.callId === id).length;
}

/** Cuts a page's connection for a while, in which something may happen that it does not hear of. */
async function outage(line, widget, meanwhile = async () => {}, milliseconds = OUTAGE_MS) {
  line.cut();
  await widget.reconnecting();
  const end = pause(milliseconds);
  await meanwhile();
  await end;
  line.mend();
  await widget.connected();
}

test("the app server is killed in a call and started again", async (t) => {
  await meet(alice, bob, "102");
  const id = await callId(alice);
  const from = Date.now();
  await stand.kill("appserver");
  await Promise.all([alice.reconnecting(), bob.reconnecting()]);
  await pause(1000);
  await stand.start("appserver");
  const startedAt = Date.now();
  await Promise.all([alice.connected(), bob.connected()]);
  t.diagnostic(`both pages were back ${Date.now() - startedAt} ms after the app server was ready`);
  await pause(500);
  const losses = await hearWithoutGap(from, Date.now() - 300, "appserver-killed");
  t.diagnostic(`longest loss of tone: alice ${losses[0]} ms, bob ${losses[1]} ms`);
  await canBeControlled();
  await pause(500);
  assert.deepEqual(await Promise.all([inHistory(alice, id), inHistory(bob, id)]), [1, 1]);
  await alice.dismiss();
  await alice.control("tab-recents").click();
  await alice.control("recent").first().waitFor();
  assert.equal(await alice.control("recent").count(), 1, "the list of recent calls has it once");
});

test("pages without connection for three seconds in a call, and one that does not see how it is held", async (t) => {
  await meet(alice, bob, "102");
  const from = Date.now();
  await Promise.all([outage(aliceLine, alice), outage(bobLine, bob)]);
  await pause(500);
  const losses = await hearWithoutGap(from, Date.now() - 300, "cut-in-call");
  t.diagnostic(`longest loss of tone: alice ${losses[0]} ms, bob ${losses[1]} ms`);
  for (const [line, widget, other] of [[aliceLine, alice, bob], [bobLine, bob, alice]]) {
    await outage(line, widget, async () => {
      await other.control("hold").click();
      await other.call("held");
    }, 0);
    await widget.page.getByText("on hold").first().waitFor();
    await other.control("hold").click();
    await widget.call("active");
    await widget.page.getByText("on hold").first().waitFor({ state: "detached" });
  }
  await canBeControlled();
});

test("a call that ends while a page has no connection ends there too", async () => {
  await meet(alice, bob, "102");
  await outage(bobLine, bob, () => alice.hangup(), 0);
  await bob.ended("hangup");
});

test("the called page has no connection while it rings, and answers afterwards", async () => {
  await alice.dial("102");
  await bob.control("answer").waitFor();
  await outage(bobLine, bob);
  assert.ok(await bob.control("answer").isVisible(), "it still rings");
  await bob.answer();
  await Promise.all([alice.active(), bob.active()]);
  const from = Date.now();
  await pause(1500);
  await hearWithoutGap(from + 500, from + 1300, "called-cut");
  await alice.hangup();
  await bob.ended("hangup");
});

test("the caller’s page has no connection when the call is answered", async () => {
  await alice.dial("102");
  await bob.control("answer").waitFor();
  await alice.call("ringing");
  let answeredAt;
  await outage(aliceLine, alice, async () => {
    answeredAt = Date.now();
    await bob.answer();
    await bob.active();
  }, 0);
  await alice.active();
  const recording = await heard(alice.page, "caller-cut");
  assert.ok(firstHeardAt(recording, BOB_HZ, answeredAt) < answeredAt + 1000, "the voice does not wait for the page");
  await alice.hangup();
  await bob.ended("hangup");
});

test("a call that comes in while the called page has no connection rings when it is back", async () => {
  await outage(bobLine, bob, async () => {
    await alice.dial("102");
    await alice.call("ringing");
  }, 0);
  await bob.answer();
  await Promise.all([alice.active(), bob.active()]);
  await alice.hangup();
  await bob.ended("hangup");
});
