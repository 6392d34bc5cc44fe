// A desk phone and a browser call each other: codecs, tones and digits both ways.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { expectWithin, pause } from "./support/expect.mjs";
import { heard, openBrowser } from "./support/person.mjs";
import { hearsOnly, startStand } from "./support/stand.mjs";
import { startTelephone } from "./support/telephone.mjs";
import { openWidget } from "./support/widget.mjs";

// Well away from each other, from the ringing tone (425 Hz) and from DTMF.
const ALICE_HZ = 1800;
const BOB_HZ = 1050;
let stand, browser, alice;

before(async () => {
  stand = await startStand();
  browser = await openBrowser(ALICE_HZ);
  alice = await openWidget(browser.context, stand.url, stand.accounts.alice);
});

after(async () => {
  await browser?.browser.close();
  assert.ok(await stand?.stop(), "both programs end cleanly");
});

afterEach(() => alice.tidy());

async function judge(telephone, answeredAt, name) {
  const recording = await heard(alice.page, name);
  const offset = (answeredAt - recording.startedAt) / 1000;
  const page = hearsOnly(recording.file, BOB_HZ, `${offset + 1.2}:${offset + 2.6}`);
  assert.ok(page.ok, `the browser hears the telephone and nothing else: ${page.measured}`);
  const phone = hearsOnly(await telephone.heard(), ALICE_HZ, "1.2:2.6");
  assert.ok(phone.ok, `the telephone hears the browser and nothing else: ${phone.measured}`);
}

for (const codecs of ["opus", "PCMA", "PCMU"]) {
  test(`browser to telephone and back with ${codecs}`, async () => {
    const bob = await startTelephone(stand, "bob", BOB_HZ, { codecs });
    try {
      await expectWithin(async () => (await alice.presence("102")) === "online", "a registered telephone is online");
      await alice.dial("102");
      await bob.wait("CALL_INCOMING");
      bob.answer();
      await bob.wait("CALL_ESTABLISHED");
      let answeredAt = Date.now();
      await alice.active();
      await pause(3200);
      await alice.hangup();
      await bob.wait("CALL_CLOSED");
      await judge(bob, answeredAt, `to-telephone-${codecs}`);

      await alice.tidy();
      bob.dial("101");
      await alice.answer();
      await bob.wait("CALL_ESTABLISHED");
      answeredAt = Date.now();
      await alice.active();
      await pause(3200);
      bob.hangup();
      await alice.ended("hangup");
      await bob.wait("CALL_CLOSED");
      await judge(bob, answeredAt, `from-telephone-${codecs}`);
    } finally {
      await bob.stop();
    }
  });
}

test("digits arrive as pressed, both ways", async () => {
  const bob = await startTelephone(stand, "bob", BOB_HZ, { codecs: "PCMA" });
  try {
    await alice.dial("102");
    await bob.wait("CALL_INCOMING");
    bob.answer();
    await bob.wait("CALL_ESTABLISHED");
    await alice.active();
    await pause(500);
    await alice.press("159*0#");
    let digits = "";
    for (let count = 0; count < 6; count++) digits += (await bob.wait("CALL_DTMF_START")).param;
    assert.equal(digits, "159*0#");

    const received = alice.page.evaluate(
      () =>
        new Promise((resolve) => {
          let keys = "";
          document.querySelector("ringdown-phone").client.activeCall.on("dtmf", (event) => {
            keys += typeof event === "string" ? event : event.digit;
            if (keys.length === 4) resolve(keys);
          });
        }),
    );
    bob.press("24#8");
    assert.equal(await received, "24#8");
    await alice.hangup();
    await bob.wait("CALL_CLOSED");
  } finally {
    await bob.stop();
  }
});

test("the telephone and the browser ring together; the telephone answers", async () => {
  const desk = await startTelephone(stand, "alice", BOB_HZ);
  const bob = await startTelephone(stand, "bob", BOB_HZ);
  try {
    bob.dial("101");
    await Promise.all([desk.wait("CALL_INCOMING"), alice.control("answer").waitFor()]);
    desk.answer();
    await bob.wait("CALL_ESTABLISHED");
    await expectWithin(async () => !(await alice.control("answer").isVisible()), "the browser stops ringing");
    bob.hangup();
    await desk.wait("CALL_CLOSED");
  } finally {
    await Promise.all([desk.stop(), bob.stop()]);
  }
});
