// Whoever speaks is heard, whenever the microphone was opened: before the call, for another call, or after a question.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { pause } from "./support/expect.mjs";
import { heard, openBrowser } from "./support/person.mjs";
import { hearsOnly, startStand } from "./support/stand.mjs";
import { openWidget, talk } from "./support/widget.mjs";

const HZ = { alice: 1800, bob: 1050, carol: 1350 };
let stand;
const browsers = [];

before(async () => {
  stand = await startStand();
});

after(async () => {
  await Promise.allSettled(browsers.map((browser) => browser.close()));
  assert.ok(await stand?.stop(), "both programs end cleanly");
});

async function person(name, microphone) {
  const { browser, context } = await openBrowser(HZ[name], { microphone });
  browsers.push(browser);
  return openWidget(context, stand.url, stand.accounts[name]);
}

async function hears(listener, speaker, answeredAt) {
  const recording = await heard(listener.page, `hears-${speaker}`);
  const offset = (answeredAt - recording.startedAt) / 1000;
  const judged = hearsOnly(recording.file, HZ[speaker], `${offset + 0.8}:${offset + 2.4}`);
  assert.ok(judged.ok, `${speaker} is heard: ${judged.measured}`);
}

test("a caller whose browser asks for the microphone is heard, and so is a second call with it open", async () => {
  const [alice, bob, carol] = await Promise.all([person("alice"), person("bob"), person("carol", "asked")]);
  const first = await talk(carol, bob, "102");
  await hears(bob, "carol", first);
  await hears(carol, "bob", first);

  await bob.control("minimise").click();
  const second = await talk(bob, alice, "101");
  await hears(alice, "bob", second);
  await hears(bob, "alice", second);

  await alice.hangup();
  await alice.ended("hangup");
  await carol.hangup();
  await bob.ended("hangup");
});

test("a microphone kept ready while it rings is let go when the caller gives up", async () => {
  const [alice, bob] = await Promise.all([person("alice"), person("bob")]);
  const live = () => bob.page.evaluate(() => globalThis.__microphones.filter((track) => track.readyState === "live").length);
  await alice.dial("102");
  await bob.control("answer").waitFor();
  await pause(700);
  assert.ok((await live()) > 0, "ready while it rings");
  await alice.hangup();
  await bob.control("answer").waitFor({ state: "detached" });
  await pause(300);
  assert.equal(await live(), 0, "let go");
});
