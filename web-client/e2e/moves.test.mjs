// Calls handed on, asked about, parked and merged from a page, with a desk phone on the other side.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, afterEach, before, test } from "node:test";

import { expectWithin, pause } from "./support/expect.mjs";
import { heard, openBrowser } from "./support/person.mjs";
import { firstHeardAt } from "./support/sound.mjs";
import { hearsOnly, startStand } from "./support/stand.mjs";
import { startTelephone } from "./support/telephone.mjs";
import { openWidget } from "./support/widget.mjs";

const ALICE_HZ = 1800;
const BOB_HZ = 1050;
const CAROL_HZ = 700;
let stand, browsers, alice, bob, carol;

before(async () => {
  stand = await startStand();
  browsers = await Promise.all([openBrowser(ALICE_HZ), openBrowser(BOB_HZ)]);
  alice = await openWidget(browsers[0].context, stand.url, stand.accounts.alice);
  bob = await openWidget(browsers[1].context, stand.url, stand.accounts.bob);
  carol = await startTelephone(stand, "carol", CAROL_HZ);
});

after(async () => {
  await carol?.stop();
  await Promise.allSettled((browsers ?? []).map(({ browser }) => browser.close()));
  assert.ok(await stand?.stop(), "both programs end cleanly");
});

afterEach(() => Promise.all([alice.tidy(), bob.tidy()]));

/** Does something with bob's client, as an application does that embeds the library. */
const asBob = (act) => bob.page.locator("ringdown-phone").evaluate((phone, source) => {
  const { client } = phone;
  return new Function("client", `return (${source})(client)`)(client);
}, act.toString());

/** Alice has called bob, and they talk. */
async function talking() {
  await alice.dial("102");
  await bob.control("answer").waitFor();
  await bob.answer();
  await Promise.all([alice.active(), bob.active()]);
}

/** Alice, who called, waits while bob asks carol. */
async function asking() {
  await talking();
  await asBob((client) => {
    globalThis.asking = client.consult(client.activeCall, "103");
    return undefined;
  });
  await carol.wait("CALL_INCOMING");
  carol.answer();
  await carol.wait("CALL_ESTABLISHED");
}

/** A window before the end of a recording, which may begin with somebody else. */
function lastSeconds(file) {
  const wav = readFileSync(file);
  const seconds = (wav.length - 44) / wav.readUInt32LE(28);
  return `${Math.max(0, seconds - 2.2)}:${Math.max(0.5, seconds - 0.6)}`;
}

/** Alice and carol hear each other and nobody else. */
async function aliceAndCarolTalk(name) {
  const since = Date.now();
  await pause(3200);
  await alice.hangup();
  await carol.wait("CALL_CLOSED");
  const recording = await heard(alice.page, name);
  const offset = (since - recording.startedAt) / 1000;
  const page = hearsOnly(recording.file, CAROL_HZ, `${offset + 1.2}:${offset + 2.6}`);
  assert.ok(page.ok, `alice hears carol and nobody else: ${page.measured}`);
  const file = await carol.heard();
  const phone = hearsOnly(file, ALICE_HZ, lastSeconds(file));
  assert.ok(phone.ok, `carol hears alice and nobody else: ${phone.measured}`);
}

test("a page hands its call on to a desk phone", async () => {
  await talking();
  await asBob((client) => client.activeCall.transfer("103"));
  await bob.ended("transferred");
  await carol.wait("CALL_INCOMING");
  carol.answer();
  await carol.wait("CALL_ESTABLISHED");
  await expectWithin(
    () => alice.page.locator("ringdown-phone").evaluate((phone) => phone.client.activeCall?.peer.number === "103"),
    "alice's page shows carol",
  );
  await aliceAndCarolTalk("handed-on");
});

test("a call that nobody takes comes back", async () => {
  await talking();
  await asBob((client) => client.activeCall.transfer("103"));
  await carol.wait("CALL_INCOMING");
  carol.hangup();
  await carol.wait("CALL_CLOSED");
  await bob.control("answer").waitFor();
  await bob.answer();
  await Promise.all([alice.active(), bob.active()]);
  await alice.hangup();
  await bob.ended("hangup");
});

test("a page asks first, swaps, and joins both", async () => {
  await asking();
  await asBob(async () => {
    const consultation = await globalThis.asking;
    await consultation.swap();
    await consultation.swap();
    await consultation.complete();
  });
  await bob.ended("transferred");
  await aliceAndCarolTalk("asked-first");
});

test("a parked call is fetched by a desk phone", async () => {
  await talking();
  const slot = await asBob((client) => client.activeCall.park());
  await bob.ended("parked");
  await expectWithin(() => asBob((client) => client.parked.length === 1), "the page shows who is parked");
  carol.dial(`${slot}`);
  await carol.wait("CALL_ESTABLISHED");
  await expectWithin(() => asBob((client) => client.parked.length === 0), "the slot is free again");
  await aliceAndCarolTalk("parked");
});

test("three are in a conference, and the first two go on when the third leaves", async () => {
  await asking();
  await asBob(async () => (await globalThis.asking).merge());
  const members = () => asBob((client) => client.rooms.all[0]?.members.length ?? 0);
  await expectWithin(async () => (await members()) === 3, "three are in the room", members);
  carol.hangup();
  await carol.wait("CALL_CLOSED");
  await expectWithin(async () => (await members()) === 2, "two are left", members);
  const since = Date.now();
  await pause(3000);
  const recording = await heard(alice.page, "conference");
  const offset = (since - recording.startedAt) / 1000;
  const page = hearsOnly(recording.file, BOB_HZ, `${offset + 1}:${offset + 2.6}`);
  assert.ok(page.ok, `alice hears bob and nobody else: ${page.measured}`);
  const reloadedAt = Date.now();
  await alice.page.reload();
  await expectWithin(async () => {
    const isThere = await alice.page.evaluate(() => globalThis.__recordings.length > 0);
    return isThere && firstHeardAt(await heard(alice.page, "conference-reload"), BOB_HZ, reloadedAt) !== undefined;
  }, "a member whose page is reloaded is in the room again");
  assert.equal(await members(), 2, "nobody has left");
  await bob.hangup();
  await alice.hangup();
});
