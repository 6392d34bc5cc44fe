// What a caller hears whose call was not answered.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { pause } from "./support/expect.mjs";
import { heard, openBrowser } from "./support/person.mjs";
import { cadence, longestLoss } from "./support/sound.mjs";
import { startStand } from "./support/stand.mjs";
import { openWidget } from "./support/widget.mjs";

const TONE_HZ = 425;
let stand, aliceBrowser, bobBrowser, alice, bob;

before(async () => {
  stand = await startStand();
  [aliceBrowser, bobBrowser] = await Promise.all([openBrowser(1800), openBrowser(1050)]);
  alice = await openWidget(aliceBrowser.context, stand.url, stand.accounts.alice);
  bob = await openWidget(bobBrowser.context, stand.url, stand.accounts.bob);
  // The page opens its audio context with the first click.
  await alice.control("tab-keypad").click();
  await alice.page.evaluate(() => globalThis.__recordSpeaker());
});

after(async () => {
  await Promise.allSettled([aliceBrowser?.browser.close(), bobBrowser?.browser.close()]);
  assert.ok(await stand?.stop(), "both programs end cleanly");
});

afterEach(async () => {
  for (const widget of [alice, bob]) await widget.tidy();
});

/** Asserts tone and silence in turn, within 20 ms each; the silence after the last tone lasts. */
async function hearsCadence(from, beat, beats, name) {
  const heardBeats = cadence(await heard(alice.page, name, "speaker"), TONE_HZ, from);
  const expected = Array.from({ length: 2 * beats - 1 }, () => beat);
  assert.equal(heardBeats.length, 2 * beats, `${beats} tones: ${heardBeats}`);
  for (const [index, milliseconds] of expected.entries()) {
    assert.ok(Math.abs(heardBeats[index] - milliseconds) <= 20, `${milliseconds} ms each: ${heardBeats}`);
  }
}

test("a declined call brings three beats of the busy tone", async () => {
  const from = Date.now();
  await alice.dial("102");
  await bob.control("decline").click();
  await alice.ended("declined");
  await pause(3300);
  await hearsCadence(from, 500, 3, "busy-tone");
});

test("somebody who is offline, and a wrong number, bring the congestion tone", async () => {
  for (const [number, reason] of [["103", "offline"], ["999", "not-found"]]) {
    const from = Date.now();
    await alice.dial(number);
    await alice.ended(reason);
    await pause(2300);
    await hearsCadence(from, 250, 4, `congestion-tone-${number}`);
    await alice.dismiss();
  }
});

test("the tone stops when it is dismissed, and when somebody calls", async () => {
  for (const stop of [() => alice.dismiss(), () => bob.dial("101")]) {
    const from = Date.now();
    await alice.dial("103");
    await alice.ended("offline");
    await pause(100);
    await stop();
    await pause(2300);
    const beats = cadence(await heard(alice.page, "stopped-tone", "speaker"), TONE_HZ, from);
    const sounding = beats.filter((_, index) => index % 2 === 0).reduce((sum, beat) => sum + beat, 0);
    assert.ok(sounding > 50 && sounding < 700, `some of it was heard, not all: ${beats}`);
  }
  await bob.hangup();
});

test("a caller who gives up hears nothing", async () => {
  const from = Date.now();
  await alice.dial("102");
  await bob.control("answer").waitFor();
  await alice.hangup();
  await alice.ended("cancelled");
  const to = Date.now() + 300;
  await pause(600);
  const recording = await heard(alice.page, "no-tone", "speaker");
  assert.ok(longestLoss(recording, TONE_HZ, from, to) >= to - from - 20, "no tone");
});
