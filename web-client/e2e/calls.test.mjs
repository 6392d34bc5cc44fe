// Two people in browsers call each other through the widget; what each hears is measured.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { expectWithin, pause } from "./support/expect.mjs";
import { heard, openBrowser } from "./support/person.mjs";
import { firstHeardAt } from "./support/sound.mjs";
import { hearsOnly, startStand } from "./support/stand.mjs";
import { meet, openWidget, talk } from "./support/widget.mjs";

// Well away from each other, from the ringing tone (425 Hz) and from DTMF.
const ALICE_HZ = 1800;
const BOB_HZ = 1050;
let stand, aliceBrowser, bobBrowser, alice, bob;

before(async () => {
  stand = await startStand();
  [aliceBrowser, bobBrowser] = await Promise.all([openBrowser(ALICE_HZ), openBrowser(BOB_HZ)]);
  alice = await openWidget(aliceBrowser.context, stand.url, stand.accounts.alice);
  bob = await openWidget(bobBrowser.context, stand.url, stand.accounts.bob);
});

after(async () => {
  await Promise.allSettled([aliceBrowser?.browser.close(), bobBrowser?.browser.close()]);
  assert.ok(await stand?.stop(), "both programs end cleanly");
});

/** Each heard the other's tone and no other, from shortly after the answer. */
async function judge(answeredAt, name) {
  const latencies = [];
  for (const [who, widget, hz] of [["alice", alice, BOB_HZ], ["bob", bob, ALICE_HZ]]) {
    const recording = await heard(widget.page, `${name}-${who}`);
    const first = firstHeardAt(recording, hz, answeredAt - 200);
    assert.ok(first, `${who} heard ${hz} Hz`);
    assert.ok(first >= answeredAt, `${who} hears nothing of the other before the answer`);
    latencies.push(Math.round(first - answeredAt));
    const offset = (answeredAt - recording.startedAt) / 1000;
    const judged = hearsOnly(recording.file, hz, `${offset + 0.8}:${offset + 2.4}`);
    assert.ok(judged.ok, `${who} hears ${hz} Hz and nothing else: ${judged.measured}`);
  }
  return latencies;
}

// One failed story must not spoil the next.
afterEach(async () => {
  for (const widget of [alice, bob]) await widget.tidy();
});

test("alice calls bob, and the caller hangs up", async (t) => {
  const answeredAt = await talk(alice, bob, "102");
  assert.equal(await alice.presence("102"), "on-call");
  const latencies = await judge(answeredAt, "caller-hangs-up");
  t.diagnostic(`answer click to first heard audio: caller ${latencies[0]} ms, called side ${latencies[1]} ms`);
  await alice.hangup();
  await bob.ended("hangup");
  assert.equal(await bob.control("ended").getAttribute("data-by"), "remote");
  await expectWithin(async () => (await alice.presence("102")) === "online", "presence goes back to online");
});

test("bob calls alice, and the called side hangs up", async (t) => {
  const answeredAt = await talk(bob, alice, "101");
  const latencies = await judge(answeredAt, "callee-hangs-up");
  t.diagnostic(`answer click to first heard audio: ${latencies.join(" ms, ")} ms`);
  await alice.hangup();
  await bob.ended("hangup");
  assert.equal(await bob.control("ended").getAttribute("data-by"), "remote");
});

test("hold brings music, resume the voice, from each side", async () => {
  for (const [holder, held, hz] of [[alice, bob, ALICE_HZ], [bob, alice, BOB_HZ]]) {
    await meet(alice, bob, "102");
    await holder.control("hold").click();
    await expectWithin(async () => (await held.control("call-status").innerText()).includes("on hold"), "hold is shown");
    const heldAt = Date.now();
    await pause(2300);
    await holder.control("hold").click();
    await expectWithin(async () => !(await held.control("call-status").innerText()).includes("on hold"), "resume is shown");
    const resumedAt = Date.now();
    await pause(2300);
    const recording = await heard(held.page, `hold-${hz}`);
    const at = (time) => (time - recording.startedAt) / 1000;
    const during = hearsOnly(recording.file, hz, `${at(heldAt) + 0.6}:${at(heldAt) + 2.2}`);
    assert.ok(!during.ok, `the held side does not hear the holder: ${during.measured}`);
    const after = hearsOnly(recording.file, hz, `${at(resumedAt) + 0.6}:${at(resumedAt) + 2.2}`);
    assert.ok(after.ok, `after resuming the voice is back: ${after.measured}`);
    await alice.hangup();
    await bob.ended("hangup");
  }
});

test("a muted microphone is not heard", async () => {
  await meet(alice, bob, "102");
  await alice.control("mute").click();
  const mutedAt = Date.now();
  await pause(2200);
  const recording = await heard(bob.page, "mute");
  const at = (mutedAt - recording.startedAt) / 1000;
  const judged = hearsOnly(recording.file, ALICE_HZ, `${at + 0.6}:${at + 2}`);
  assert.ok(!judged.ok, `bob hears nothing of a muted alice: ${judged.measured}`);
  await bob.hangup();
  await alice.ended("hangup");
});
