// Devices that come and go under a call, the checks, and being noticed: judged by tone, in one Chromium per voice.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { accessible } from "./support/axe.mjs";
import { expectWithin, pause } from "./support/expect.mjs";
import { heard, openBrowser } from "./support/person.mjs";
import { firstHeardAt, longestLoss } from "./support/sound.mjs";
import { startStand } from "./support/stand.mjs";
import { meet, openWidget } from "./support/widget.mjs";

const HEADSET_HZ = 1800;
const LAPTOP_HZ = 900;
const BOB_HZ = 1050;
let stand, browsers, alice, bob;

before(async () => {
  stand = await startStand();
  browsers = await Promise.all([openBrowser(1350), openBrowser(BOB_HZ)]);
  await browsers[0].context.addInitScript({ path: `${import.meta.dirname}/support/devices.js` });
  await browsers[0].context.grantPermissions(["microphone", "notifications"]);
  [alice, bob] = await Promise.all([
    openWidget(browsers[0].context, stand.url, stand.accounts.alice, "/phone.html"),
    openWidget(browsers[1].context, stand.url, stand.accounts.bob),
  ]);
});

after(async () => {
  await Promise.allSettled((browsers ?? []).map(({ browser }) => browser.close()));
  assert.ok(await stand?.stop(), "both programs end cleanly");
});

const plug = (...ids) => alice.page.evaluate((some) => globalThis.__plug(some), ids);
const audio = (read) => alice.page.evaluate(read);

/** Waits until bob hears a tone after a moment; returns when he first did. */
async function bobHears(hz, after, what) {
  for (const end = Date.now() + 8000; Date.now() < end; ) {
    await pause(400);
    const at = firstHeardAt(await heard(bob.page, "bob"), hz, after);
    if (at !== undefined) return at;
  }
  throw new Error(`bob does not hear ${what}`);
}

test("a headset that is pulled out of a call is replaced, comes back, and a mute outlives both", async (t) => {
  // Chosen before the call, and remembered.
  await alice.control("settings").click();
  await alice.control("settings-devices").click();
  await alice.control("device-input").selectOption("headset");
  await accessible(alice.page, "sound and devices");
  assert.equal(await audio(() => JSON.parse(window.localStorage.getItem("ringdown.devices")).devices.input[0].id), "headset");
  await alice.control("settings-back").click();
  await alice.control("settings-back").click();
  await meet(alice, bob, "102");
  await bobHears(HEADSET_HZ, 0, "the headset");

  let from = Date.now();
  await plug("laptop");
  const replacedAt = await bobHears(LAPTOP_HZ, from, "the laptop's microphone in its place");
  await alice.control("notice-device-missing").waitFor();
  from = Date.now();
  await plug("headset", "laptop");
  const backAt = await bobHears(HEADSET_HZ, from, "the headset again");
  await alice.control("notice-device-missing").waitFor({ state: "detached" });
  t.diagnostic(`replaced, and back after ${Math.round(backAt - from)} ms`);
  assert.ok(backAt > replacedAt);

  // Nothing is heard of a muted call, whatever is plugged in and out.
  await alice.control("mute").click();
  await pause(600);
  from = Date.now();
  await plug("laptop");
  await pause(700);
  await plug("headset", "laptop");
  await pause(700);
  await plug();
  await alice.control("notice-no-microphone").waitFor();
  await pause(300);
  await plug("laptop");
  await alice.control("notice-no-microphone").waitFor({ state: "detached" });
  const until = Date.now();
  await pause(300);
  const silence = await heard(bob.page, "muted");
  for (const hz of [HEADSET_HZ, LAPTOP_HZ]) {
    const at = firstHeardAt(silence, hz, from);
    assert.ok(at === undefined || at > until, "muted is muted");
  }
  from = Date.now();
  await alice.control("mute").click();
  await bobHears(LAPTOP_HZ, from, "the laptop, once unmuted");
  // Bob was heard all the while: what alice hears has nothing to do with her microphone.
  assert.ok(longestLoss(await heard(alice.page, "alice"), BOB_HZ, replacedAt, Date.now() - 500) < 400, "bob is heard throughout");
  await alice.hangup();
  await bob.ended("hangup");
  await alice.tidy();
  await bob.tidy();
});

test("a call answered without a microphone is heard as soon as one is plugged in", async () => {
  await plug();
  await bob.dial("101");
  await alice.answer();
  await Promise.all([alice.active(), bob.active()]);
  await alice.control("notice-no-microphone").waitFor();
  const from = Date.now();
  await plug("laptop");
  await bobHears(LAPTOP_HZ, from, "the laptop");
  await alice.control("notice-no-microphone").waitFor({ state: "detached" });
  await bob.hangup();
  await alice.ended("hangup");
  await alice.tidy();
  await bob.tidy();
});

test("a call rings on the loudspeaker that was chosen for it, and the voice on the other", async () => {
  await plug("headset", "laptop");
  await alice.control("settings").click();
  await alice.control("settings-devices").click();
  await alice.control("device-output").selectOption("headset-out");
  await alice.control("device-ring").selectOption("laptop-out");
  await alice.control("ringtone").selectOption("chime");
  await alice.control("settings-back").click();
  await alice.control("settings-back").click();
  await audio(() => { globalThis.__sinks.length = 0; });
  await bob.dial("101");
  await alice.control("answer").waitFor();
  const routes = () => audio(() => globalThis.__sinks);
  await expectWithin(async () => (await routes()).some(({ kind, id }) => kind === "context" && id === "laptop-out"), "ringing on the laptop", async () => JSON.stringify(await routes()));
  await alice.answer();
  await Promise.all([alice.active(), bob.active()]);
  await expectWithin(async () => (await routes()).some(({ kind, id }) => kind === "element" && id === "headset-out"), "talking on the headset", async () => JSON.stringify(await routes()));
  // The headset's loudspeaker goes, and comes back.
  await plug("laptop");
  await expectWithin(async () => (await routes()).filter(({ kind }) => kind === "element").at(-1)?.id === "", "the system's loudspeaker", async () => JSON.stringify(await routes()));
  await plug("headset", "laptop");
  await expectWithin(async () => (await routes()).filter(({ kind }) => kind === "element").at(-1)?.id === "headset-out", "the headset again", async () => JSON.stringify(await routes()));
  await bob.hangup();
  await alice.ended("hangup");
  await alice.tidy();
  await bob.tidy();
});

test("the check finds all well, and its call is nobody's", async () => {
  await alice.control("settings").click();
  await alice.control("settings-checks").click();
  await alice.control("check-run").click();
  await alice.control("check-microphone").waitFor();
  await alice.control("check-quality").waitFor({ timeout: 40_000 });
  const verdicts = await alice.page.locator("[data-testid^=check-][data-verdict]").evaluateAll((all) => all.map((one) => `${one.dataset.testid} ${one.dataset.verdict}`));
  assert.deepEqual(verdicts.filter((one) => !one.startsWith("check-verdict")), ["browser", "microphone", "sound", "server", "media", "quality"].map((name) => `check-${name} ok`));
  assert.equal(await alice.control("check-verdict").getAttribute("data-verdict"), "ready");
  assert.equal(await alice.control("call").count(), 0, "no call view");
  await accessible(alice.page, "the checks");
  await alice.control("settings-back").click();
  await alice.control("settings-back").click();
});

test("who looks elsewhere is notified, until the call is gone", async () => {
  await alice.page.evaluate(() => {
    globalThis.__notices = [];
    globalThis.Notification = class {
      static permission = "granted";
      constructor(title, options) {
        this.told = { title, ...options, open: true };
        globalThis.__notices.push(this.told);
      }
      close() { this.told.open = false; }
    };
    document.hasFocus = () => false;
    globalThis.__title = document.title;
  });
  const seen = () => alice.page.evaluate(() => ({ notices: globalThis.__notices, title: document.title, own: globalThis.__title }));
  await bob.dial("101");
  await alice.control("answer").waitFor();
  let { notices: [ringing], title } = await seen();
  assert.equal(ringing.title, "Bob Brown");
  assert.equal(ringing.open, true);
  assert.match(title, /Bob Brown/);
  await bob.hangup();
  await alice.control("answer").waitFor({ state: "detached" });
  const { notices, title: after, own } = await seen();
  assert.deepEqual(notices.map(({ body, open }) => `${body} ${open}`), ["is calling you false", "Missed call true"]);
  assert.ok(after.endsWith(own));
});
