// Conferences of up to five people in a browser each, with a voice of their own: who hears whom is judged at everybody's.
// A fixed room with its PIN, rights in it, a recording, a ring group, and a conference that grows.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, afterEach, before, test } from "node:test";

import { accessible } from "./support/axe.mjs";
import { employ, inForce, signedIn } from "./support/admin.mjs";
import { expectWithin, pause } from "./support/expect.mjs";
import { sharesOf } from "./support/sound.mjs";
import { startStand } from "./support/stand.mjs";
import { hears, openVoices } from "./support/voices.mjs";
import { choose, talking } from "./support/widget.mjs";

const TONES = { alice: 1810, bob: 1050, carol: 710, dave: 1330, erin: 2390 };
let stand, voices, alice, bob, carol, dave, erin;

before(async () => {
  stand = await startStand();
  const ask = await signedIn(stand);
  const [daves, erins] = [await employ(ask, "dave", "104"), await employ(ask, "erin", "105")];
  const ids = Object.fromEntries((await ask("GET", "/api/v1/users")).map(({ username, id }) => [username, id]));
  await ask("POST", "/api/v1/rooms", { extension: "600", name: "Board", pin: "4711", moderatorPin: "0815", maxMembers: 10 });
  const group = { extension: "610", name: "Desk", members: [ids.bob, ids.carol, ids.dave, ids.erin], strategy: "all", ringSeconds: 30 };
  await ask("POST", "/api/v1/groups", group);
  const settings = await ask("GET", "/api/v1/sound-settings");
  await ask("PUT", "/api/v1/sound-settings", { tonePlan: settings.tonePlan, recording: "everybody" });
  await inForce(ask, ids.alice, ["600", "610", "105"]);
  const { accounts } = stand;
  voices = await openVoices(stand.url, Object.fromEntries(
    Object.entries({ alice: accounts.alice, bob: accounts.bob, carol: accounts.carol, dave: daves, erin: erins })
      .map(([name, account]) => [name, { account, hz: TONES[name] }]),
  ));
  ({ alice, bob, carol, dave, erin } = voices);
});

after(async () => {
  await voices?.close();
  assert.ok(await stand?.stop(), "both programs end cleanly");
});

afterEach(() => Promise.all([alice, bob, carol, dave, erin].map((widget) => widget.tidy())));

const everybody = Object.keys(TONES);

/** Each of these hears all the others and nobody else. */
const hearEachOther = (names) => Promise.all(names.map(async (name) => {
  let shares = [];
  const isRight = async () => {
    shares = sharesOf(await hears(voices[name].page, `room-${name}`), Object.values(TONES), 0, 800);
    return everybody.every((who, index) => (names.includes(who) && who !== name ? shares[index] > 0.3 / names.length : shares[index] < 0.01))
      && shares.reduce((sum, share) => sum + share, 0) > 0.85;
  };
  // A busy machine swallows some of what is said.
  await expectWithin(isRight, `${name} hears ${names.filter((who) => who !== name)} and nobody else`,
    () => everybody.map((who, index) => `${who} ${shares[index]?.toFixed(3)}`).join(", "), 20_000);
}));

const members = (widget) => widget.control("room-member").count();
const inRoom = (count, ...widgets) => Promise.all(widgets.map((widget) =>
  expectWithin(async () => (await members(widget)) === count, `${count} are shown`, async () => `${await members(widget)}`)));

/** Dials the room and answers its question. */
async function knock(widget, pin) {
  await widget.dial("600");
  await widget.control("pin").fill(pin);
  await widget.control("pin-enter").click();
}

test("a room asks for its PIN, by form or by key; its moderator locks it, mutes all and takes somebody out", async () => {
  await knock(alice, "0815");
  await inRoom(1, alice);
  await bob.dial("600");
  await bob.control("pin-form").waitFor();
  await accessible(bob.page, "a room that asks for its PIN");
  await bob.control("pin").fill("0000");
  await bob.page.keyboard.press("Enter");
  await bob.page.locator('[data-testid=pin-form][data-wrong="1"]').waitFor();
  await bob.tool("keypad");
  for (const key of "4711#") await bob.page.locator(`[data-testid=dtmf][data-key="${key}"]`).click();
  await bob.tool("keypad");
  await knock(carol, "4711");
  await inRoom(3, alice, bob, carol);
  await hearEachOther(["alice", "bob", "carol"]);

  assert.equal(await bob.control("room-lock").count(), 0, "who does not moderate locks nothing");
  await alice.control("room-lock").click();
  await knock(dave, "4711");
  await dave.control("ended").waitFor({ timeout: 15_000 });
  await alice.control("room-mute-all").click();
  const muted = () => alice.page.locator("[data-testid=room-member][data-muted=true]").count();
  await expectWithin(async () => (await muted()) === 2, "bob and carol are muted", async () => `${await muted()}`);
  const carols = alice.page.locator('[data-testid=room-member][data-number="103"]');
  await carols.getByTestId("member-more").click();
  await alice.control("member-remove").click();
  await carol.control("ended").waitFor({ timeout: 15_000 });
  await inRoom(2, alice, bob);
});

test("a call is recorded by a button, the other side is told, and the file holds both voices", async () => {
  await talking(alice, bob, "102");
  await alice.tool("record");
  await Promise.all([alice, bob].map((widget) => widget.control("recording").waitFor()));
  await pause(2000);
  await alice.tool("record");
  await Promise.all([alice, bob].map((widget) => widget.control("recording").waitFor({ state: "detached" })));
  const [download] = await Promise.all([alice.page.waitForEvent("download"), alice.control("toast-action").click()]);
  const sound = readFileSync(await download.path()).toString("base64");
  // Ogg with Opus: Chromium knows how to read it.
  const { rate, values } = await alice.page.evaluate(async (text) => {
    const bytes = Uint8Array.from(globalThis.atob(text), (letter) => letter.codePointAt(0));
    const decoded = await new globalThis.OfflineAudioContext(1, 1, 48_000).decodeAudioData(bytes.buffer);
    return { rate: decoded.sampleRate, values: Array.from(decoded.getChannelData(0), (value) => Math.round(value * 32_767)) };
  }, sound);
  assert.ok(values.length > 1.5 * rate, `${values.length / rate} s were recorded`);
  const middle = { samples: Int16Array.from(values), rate, startedAt: 0 };
  const [a, b, ...others] = sharesOf(middle, Object.values(TONES), 500, 1300);
  assert.ok(a > 0.2 && b > 0.2 && a + b > 0.85 && others.every((share) => share < 0.01), `alice ${a}, bob ${b}, others ${others}`);
});

test("four are rung by a group, one answers, and the others are told that it was answered elsewhere", async () => {
  await alice.dial("610");
  await Promise.all([bob, carol, dave, erin].map((widget) => widget.control("answer").waitFor()));
  await dave.answer();
  await Promise.all([alice.active(), dave.active(), ...[bob, carol, erin].map((widget) => widget.ended("answered-elsewhere"))]);
  await hearEachOther(["alice", "dave"]);
});

test("a call of two grows by an invitation, a question asked within it and a call that waited, and five hear each other", async () => {
  await talking(alice, bob, "102");
  await choose(alice, "add", "erin");
  await alice.control("invite").click();
  await alice.page.locator('[data-testid=room-invited][data-number="105"][data-ringing=true]').waitFor();
  await erin.control("decline").click();
  await alice.control("toast").first().waitFor();
  await alice.control("room-invited").waitFor({ state: "detached" });
  await choose(alice, "add", "carol");
  await alice.control("invite").click();
  await carol.answer();
  await inRoom(3, alice, bob, carol);

  await choose(alice, "transfer", "dave");
  await alice.control("ask-first").click();
  await dave.answer();
  await dave.active();
  // Who is asked hears who asks, and the room goes on without them.
  await hearEachOther(["bob", "carol"]);
  await alice.control("other-more").click();
  await alice.control("merge").click();
  await inRoom(4, alice, bob, carol, dave);

  await erin.dial("101");
  await alice.answer();
  await erin.active();
  await alice.control("other-more").click();
  await alice.control("merge").click();
  await inRoom(5, alice, bob, carol, dave, erin);
  await hearEachOther(everybody);
  await alice.hangup();
  await inRoom(4, bob, carol, dave, erin);
});
