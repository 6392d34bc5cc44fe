// Calls outlive the page: reloads, crashes, a changed network. What each hears is measured.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { expectWithin, pause } from "./support/expect.mjs";
import { heard, openBrowser } from "./support/person.mjs";
import { firstHeardAt, longestLoss } from "./support/sound.mjs";
import { startStand } from "./support/stand.mjs";
import { meet, openWidget } from "./support/widget.mjs";

// Well away from each other, from the ringing tone (425 Hz), the comfort tone (350 Hz) and from DTMF.
const ALICE_HZ = 1800;
const BOB_HZ = 1050;
const COMFORT_HZ = 350;
let stand, aliceBrowser, bobBrowser, alice, bob;

/** The page's widget takes a pure tone for no noise, after every reload. */
function keepTones() {
  new window.MutationObserver(() => document.querySelector("ringdown-phone:not([raw-audio])")?.setAttribute("raw-audio", ""))
    .observe(document, { childList: true, subtree: true });
}

before(async () => {
  stand = await startStand();
  [aliceBrowser, bobBrowser] = await Promise.all([openBrowser(ALICE_HZ), openBrowser(BOB_HZ)]);
  for (const { context } of [aliceBrowser, bobBrowser]) await context.addInitScript(keepTones);
  alice = await openWidget(aliceBrowser.context, stand.url, stand.accounts.alice);
  bob = await openWidget(bobBrowser.context, stand.url, stand.accounts.bob);
});

after(async () => {
  await Promise.allSettled([aliceBrowser?.browser.close(), bobBrowser?.browser.close()]);
  assert.ok(await stand?.stop(), "both programs end cleanly");
});

// One failed story must not spoil the next.
afterEach(async () => {
  for (const widget of [alice, bob]) await widget.tidy();
});

/** Reloads a page that is just being reloaded: Chromium refuses until the new document has taken the old one's place. */
async function reloadAgain(page) {
  await expectWithin(() => page.reload().then(() => true, (error) => {
    if (!String(error).includes("Not attached to an active page")) throw error;
    return false;
  }), "the page is reloaded again");
}

/** Each hears the other now, on the connection the page has now; returns how long after `since` each heard it first. */
async function hearEachOther(name, since = Date.now()) {
  const first = {};
  for (const [who, widget, hz] of [["alice", alice, BOB_HZ], ["bob", bob, ALICE_HZ]]) {
    await expectWithin(async () => {
      // Told before the recording is fetched, which takes its time on a busy machine.
      const now = Date.now();
      const recording = await heard(widget.page, `${name}-${who}`);
      if (recording.startedAt === 0 || recording.startedAt > now - 1500) return false;
      first[who] = Math.round(firstHeardAt(recording, hz, since) - since);
      return !Number.isNaN(first[who]) && longestLoss(recording, hz, now - 1200, now - 500) <= 100;
    }, `${who} hears ${hz} Hz`, () => JSON.stringify(first), 15_000);
  }
  return first;
}

test("a page is reloaded in a call, twice in a row, and both at once", async (t) => {
  await meet(alice, bob, "102");
  let since = Date.now();
  await alice.page.reload();
  await alice.active();
  const once = await hearEachOther("reload", since);
  t.diagnostic(`after a reload of alice's page she hears bob after ${once.alice} ms`);
  const until = Date.now() - 300;
  const gap = longestLoss(await heard(bob.page, "reload-gap"), ALICE_HZ, since, until);
  t.diagnostic(`bob misses her for ${gap} ms`);
  since = Date.now();
  await alice.page.reload({ waitUntil: "commit" });
  await Promise.all([reloadAgain(alice.page), bob.page.reload()]);
  await Promise.all([alice.active(), bob.active()]);
  const both = await hearEachOther("reload-both", since);
  t.diagnostic(`after three more reloads: alice ${both.alice} ms, bob ${both.bob} ms`);
  await bob.hangup();
  await alice.ended("hangup");
});

test("a page is reloaded while it rings, and while it holds", async () => {
  await alice.dial("102");
  await bob.control("answer").waitFor();
  await Promise.all([alice.page.reload(), bob.page.reload()]);
  await bob.control("answer").waitFor();
  await alice.call("ringing");
  // The page is still being laid out: a click between two places is none.
  await expectWithin(async () => {
    if (await bob.control("answer").isVisible()) await bob.answer();
    return bob.control("call").isVisible();
  }, "bob answers");
  await Promise.all([alice.active(), bob.active()]);
  await hearEachOther("ringing");
  await alice.control("hold").click();
  await alice.call("held");
  await Promise.all([alice.page.reload(), bob.page.reload()]);
  await alice.call("held");
  await bob.page.getByText("on hold").first().waitFor();
  await alice.control("hold").click();
  await hearEachOther("held");
  await alice.hangup();
  await bob.ended("hangup");
});

test("a tab crashes, the other side hears that it does, and the tab is loaded again", async (t) => {
  await meet(alice, bob, "102");
  const devtools = await aliceBrowser.context.newCDPSession(alice.page);
  const processes = await aliceBrowser.browser.newBrowserCDPSession();
  const { processInfo } = await processes.send("SystemInfo.getProcessInfo");
  const crashed = new Promise((resolve) => { devtools.once("Inspector.targetCrashed", resolve); });
  const since = Date.now();
  for (const { type, id } of processInfo) if (type === "renderer") process.kill(id, "SIGKILL");
  await crashed;
  await expectWithin(async () => firstHeardAt(await heard(bob.page, "crash-comfort"), COMFORT_HZ, since) > 0, "bob hears the comfort tone", undefined, 8000);
  const comfort = Math.round(firstHeardAt(await heard(bob.page, "crash-comfort"), COMFORT_HZ, since) - since);
  t.diagnostic(`bob hears the comfort tone ${comfort} ms after the crash`);
  assert.ok(comfort > 1000 && comfort < 4000);
  const back = Date.now();
  await devtools.send("Page.reload");
  await expectWithin(async () => firstHeardAt(await heard(bob.page, "crash-back"), ALICE_HZ, back) > 0, "bob hears alice again", undefined, 15_000);
  t.diagnostic(`and her ${Math.round(firstHeardAt(await heard(bob.page, "crash-back"), ALICE_HZ, back) - back)} ms after the reload began`);
  await bob.hangup();
  await alice.page.close();
  alice = await openWidget(aliceBrowser.context, stand.url, stand.accounts.alice);
});

test("the network changes in a call", async (t) => {
  await meet(alice, bob, "102");
  const since = Date.now();
  await aliceBrowser.context.setOffline(true);
  await pause(500);
  await aliceBrowser.context.setOffline(false);
  await pause(2000);
  for (const [widget, hz] of [[alice, BOB_HZ], [bob, ALICE_HZ]]) {
    const until = Date.now() - 300;
    const loss = longestLoss(await heard(widget.page, `network-${hz}`), hz, since, until);
    t.diagnostic(`longest loss of ${hz} Hz: ${loss} ms`);
    assert.ok(loss < 2000);
  }
  await bob.hangup();
  await alice.ended("hangup");
});
