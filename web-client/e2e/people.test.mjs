// Presence, favourites, search, missed calls, do-not-disturb and voicemail, between two people in one browser.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { signedIn } from "./support/admin.mjs";
import { expectWithin, pause } from "./support/expect.mjs";
import { openBrowser } from "./support/person.mjs";
import { startStand } from "./support/stand.mjs";
import { openWidget } from "./support/widget.mjs";

let stand, chromium, alice, bob, carol, carolsTab;

before(async () => {
  stand = await startStand();
  chromium = await openBrowser(1000);
  const other = await chromium.browser.newContext({ permissions: ["microphone"] });
  alice = await openWidget(chromium.context, stand.url, stand.accounts.alice);
  bob = await openWidget(other, stand.url, stand.accounts.bob);
  // Carol's page stands still, as one that the browser froze: headless Chromium freezes none, so a debugger stops it. It
  // takes the server half a minute to be sure: the last test looks.
  carol = await openWidget(await chromium.browser.newContext({ permissions: ["microphone"] }), stand.url, stand.accounts.carol);
  await person(bob, "103").and(bob.page.locator("[data-presence=online]")).waitFor();
  carolsTab = await carol.page.context().newCDPSession(carol.page);
  await carolsTab.send("Debugger.enable");
  const stopped = new Promise((resolve) => carolsTab.once("Debugger.paused", resolve));
  await carolsTab.send("Debugger.pause");
  // It stops at the next thing the page does, which is this; its answer comes when it goes on.
  carolsTab.send("Runtime.evaluate", { expression: "1" }).catch(() => undefined);
  await stopped;
});

after(async () => {
  await chromium?.browser.close();
  assert.ok(await stand?.stop(), "both programs end cleanly");
});

afterEach(() => Promise.all([alice.tidy(), bob.tidy()]));

const person = (widget, number) => widget.page.locator(`[data-testid=person][data-number="${number}"]`);
const says = async (widget, word) => {
  await widget.control("presence").click();
  await widget.control(`say-${word}`).click();
};
/** What bob's page shows of alice. */
const alicesLine = () => person(bob, "101").locator(".status").textContent();
const tab = (widget, id) => widget.control(`tab-${id}`).click();
const badge = (widget, id) => widget.control(`tab-${id}`).getByTestId("badge");

test("what alice says of herself stands beside her name at bob's, with its note and its end", async () => {
  await person(bob, "101").waitFor();
  const began = Date.now();
  await says(alice, "break");
  await expectWithin(async () => /On a break/.test(await alicesLine()), "bob sees her break", alicesLine);
  console.log(`# a click of alice's was on bob's screen after ${Date.now() - began} ms, the driving of both pages included`);
  await alice.control("presence").click();
  await alice.control("say-more").click();
  await alice.control("say-note").fill("Back soon");
  await alice.control("say-end").selectOption("60");
  await alice.control("say").click();
  await expectWithin(async () => /On a break · Back soon · until .*\d/.test(await alicesLine()), "bob sees the note and the end", alicesLine);
  await bob.page.reload();
  await person(bob, "101").waitFor();
  assert.match(await alicesLine(), /Back soon/);
  await says(alice, "ready");
  await expectWithin(async () => /^(Available|Online)/.test(await alicesLine()), "she is ready again", alicesLine);
});

test("bob finds alice with a slip of the finger and keeps her as a favourite", async () => {
  // The first click after a reload frees the sound.
  await bob.control("search").click();
  await bob.control("search").fill("alcie");
  const found = async () => (await bob.control("person").evaluateAll((rows) => rows.map((row) => row.dataset.number))).join();
  await expectWithin(async () => (await found()) === "101", "she alone is found", found);
  await person(bob, "101").getByTestId("more-person").click();
  await bob.control("favourite").click();
  await bob.control("search").fill("");
  await bob.control("favourites").locator('[data-number="101"]').waitFor();
  await bob.page.reload();
  await bob.control("favourites").locator('[data-number="101"]').waitFor();
  await bob.control("search").click();
  await person(bob, "101").getByTestId("more-person").click();
  await bob.control("favourite").click();
  await bob.control("favourites").waitFor({ state: "detached" });
});

test("a call alice missed is counted until she looks, and called back from there", async () => {
  await person(bob, "101").getByTestId("call-person").click();
  await alice.control("answer").waitFor();
  await bob.hangup();
  await badge(alice, "recents").waitFor();
  assert.match(await badge(alice, "recents").textContent(), /1 missed call/);
  await tab(alice, "recents");
  await alice.control("calls-missed").click();
  const missed = alice.control("recent").first();
  assert.equal(await missed.getAttribute("data-outcome"), "missed");
  await badge(alice, "recents").waitFor({ state: "detached" });
  await missed.getByTestId("call-recent").click();
  await bob.control("answer").waitFor();
  await bob.control("decline").click();
  await alice.ended("declined");
});

test("do-not-disturb said at the head is the setting, and callers hear busy", async () => {
  await says(alice, "dnd");
  await expectWithin(async () => /Do not disturb/.test(await alicesLine()), "bob sees it", alicesLine);
  await alice.control("settings").click();
  await alice.control("settings-calls").click();
  await expectWithin(async () => (await alice.control("set-dnd").getAttribute("aria-checked")) === "true", "the setting follows");
  await person(bob, "101").getByTestId("call-person").click();
  await bob.ended("busy");
  await bob.dismiss();
  await alice.control("set-dnd").click();
  await expectWithin(async () => !/Do not disturb/.test(await alicesLine()), "bob sees that it is over", alicesLine);
});

test("bob leaves a message, and alice plays and deletes it", async () => {
  // The settings are open from before.
  await alice.control("forward-busy-voicemail").click();
  await expectWithin(async () => (await alice.control("forward-busy").inputValue()) === "*98101", "busy calls go to her voicemail");
  await person(bob, "101").getByTestId("call-person").click();
  await alice.control("answer").waitFor();
  await alice.control("decline").click();
  await bob.active();
  // The greeting, the tone, and some seconds to speak.
  await pause(10_000);
  await bob.hangup();
  await badge(alice, "voicemail").waitFor({ timeout: 10_000 });
  await tab(alice, "voicemail");
  const message = alice.control("message").first();
  assert.equal(await message.getAttribute("data-heard"), "false");
  await message.getByTestId("play-message").click();
  const played = () => alice.control("player").evaluate((audio) => audio.currentTime);
  await expectWithin(async () => (await played()) > 0.2, "it plays", async () => `${await played()} s`);
  await badge(alice, "voicemail").waitFor({ state: "detached" });
  await message.getByTestId("more-message").click();
  await alice.control("delete-message").click();
  await message.waitFor({ state: "detached" });
});

test("alice shows her face, and takes it away again", async () => {
  await alice.control("settings").click();
  await alice.control("settings-account").click();
  await alice.control("change-photo").click();
  await alice.control("photo-file").setInputFiles("e2e/baseline/conference.png");
  await alice.control("photo-square").press("ArrowDown");
  await alice.control("photo-save").click();
  const face = person(bob, "101").locator(".avatar img");
  await expectWithin(async () => (await face.evaluateAll(([img]) => img?.naturalWidth ?? 0)) === 512, "bob's page shows a square picture");
  await alice.control("change-photo").click();
  await alice.control("photo-remove").click();
  await face.waitFor({ state: "detached" });
  await alice.control("settings-back").click();
  await alice.control("settings-back").click();
});

test("whom an admin takes into the address book is found and shown with all numbers", async () => {
  const ask = await signedIn(stand);
  const numbers = [{ label: "Office", number: "+49 30 1234567" }, { label: "Desk here", number: "102" }];
  await ask("POST", "/api/v1/contacts", { name: "Dora Diaz", organisation: "Nordlicht GmbH", numbers });
  await tab(alice, "people");
  await alice.control("search").fill("nordli");
  await alice.control("open-contact").click();
  await alice.control("card-call").nth(1).click();
  await bob.control("answer").waitFor();
  await bob.control("decline").click();
  await alice.ended("declined");
});

test("carol, whose page the browser froze, is asleep at bob's, and awake when it goes on", async () => {
  const presence = () => person(bob, "103").getAttribute("data-presence");
  await expectWithin(async () => (await presence()) === "asleep", "she sleeps", presence, 60_000);
  assert.match(await person(bob, "103").locator(".status").textContent(), /^Asleep/);
  await carolsTab.send("Debugger.disable");
  await expectWithin(async () => (await presence()) === "online", "she is there again", presence, 20_000);
});
