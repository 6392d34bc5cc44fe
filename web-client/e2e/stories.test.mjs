// What people do with calls by the buttons of the widget: handing on, asking first, parking, conferences, call waiting.
// One browser with a page for each; who hears whom is judged elsewhere (moves.test.mjs), here what each of them sees.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { accessible } from "./support/axe.mjs";
import { expectWithin } from "./support/expect.mjs";
import { openBrowser } from "./support/person.mjs";
import { startStand } from "./support/stand.mjs";
import { choose, openWidget, talking } from "./support/widget.mjs";

let stand, alice, bob, carol;
const browsers = [];

before(async () => {
  stand = await startStand();
  const { browser } = await openBrowser(1000);
  browsers.push(browser);
  const open = async (name, locale = "en-US") => {
    const context = await browser.newContext({ viewport: { width: 400, height: 720 }, permissions: ["microphone"], locale });
    return openWidget(context, stand.url, stand.accounts[name], "/phone.html");
  };
  alice = await open("alice");
  bob = await open("bob");
  carol = await open("carol", "de-DE");
});

after(async () => {
  for (const browser of browsers) await browser.close();
  assert.ok(await stand?.stop(), "both programs end cleanly");
});

afterEach(() => Promise.all([alice, bob, carol].map((widget) => widget.tidy())));

/** Who the widget says is at the other side. */
const with_ = (widget, number) => expectWithin(
  async () => (await widget.control("call").getAttribute("data-number")) === number && (await widget.control("timer").isVisible()),
  `the call is with ${number}`, () => widget.control("call").getAttribute("data-number").catch(() => "none"),
);

test("bob hands alice on to carol, whose widget speaks German", async () => {
  await talking(alice, bob, "102");
  await choose(bob, "transfer", "carol");
  await accessible(bob.page, "the dialog of a transfer");
  await bob.control("transfer-now").click();
  await bob.ended("transferred");
  await carol.control("answer").waitFor();
  assert.equal(await carol.control("answer").getAttribute("aria-label"), "Annehmen");
  await carol.answer();
  await Promise.all([with_(alice, "103"), with_(carol, "101")]);
  await carol.hangup();
  await carol.ended("hangup");
});

test("bob asks carol, swaps twice, and hands over", async () => {
  await talking(alice, bob, "102");
  await choose(bob, "transfer", "carol");
  await bob.control("ask-first").click();
  await carol.control("answer").waitFor();
  await carol.answer();
  await with_(bob, "103");
  await expectWithin(async () => (await alice.control("call-status").textContent()).includes("put you on hold"), "alice waits");
  await bob.control("resume-other").click();
  await with_(bob, "101");
  await bob.control("resume-other").click();
  await with_(bob, "103");
  await accessible(bob.page, "a question");
  await bob.control("complete-transfer").click();
  await bob.ended("transferred");
  await Promise.all([with_(alice, "103"), with_(carol, "101")]);
  await alice.hangup();
});

test("carol declines, and bob is back with alice by himself", async () => {
  await talking(alice, bob, "102");
  await choose(bob, "transfer", "carol");
  await bob.control("ask-first").click();
  await carol.control("answer").waitFor();
  await carol.control("decline").click();
  await with_(bob, "101");
  await bob.call("active");
  await bob.control("toast").first().waitFor();
  await alice.call("active");
  await alice.hangup();
});

test("bob parks alice, and carol picks her up from the notice", async () => {
  await talking(alice, bob, "102");
  await bob.tool("park");
  await bob.control("toast").first().waitFor();
  await carol.control("parked-open").click();
  await Promise.all([with_(alice, "103"), carol.active()]);
  await carol.hangup();
});

test("a second call waits, is answered, and both become a conference that bob moderates", async () => {
  await talking(alice, bob, "102");
  await carol.dial("102");
  await bob.page.locator("ringdown-incoming[card]").waitFor();
  await accessible(bob.page, "a call that waits");
  await bob.answer();
  await with_(bob, "103");
  await bob.control("other-more").click();
  await bob.control("merge").click();
  const members = (widget) => widget.control("room-member").count();
  for (const widget of [alice, bob, carol]) await expectWithin(async () => (await members(widget)) === 3, "three are shown", async () => `${await members(widget)}`);
  await accessible(bob.page, "a conference");
  const alices = bob.page.locator('[data-testid=room-member][data-number="101"]');
  await alices.getByTestId("member-more").click();
  await bob.control("member-mute").click();
  await expectWithin(async () => (await alices.getAttribute("data-muted")) === "true", "alice is muted");
  assert.equal(await alice.control("member-more").count(), 0, "who does not moderate mutes nobody");
  await bob.control("room-lock").click();
  await expectWithin(async () => (await carol.control("room").getAttribute("data-locked")) === "true", "the room is locked");
  await alices.getByTestId("member-more").click();
  await bob.control("member-remove").click();
  await alice.control("ended").waitFor();
  await expectWithin(async () => (await members(bob)) === 2, "two are left");
  await carol.hangup();
});

test("a call is moved from another page of the same person", async () => {
  const context = await browsers[0].newContext({ viewport: { width: 400, height: 720 }, permissions: ["microphone"] });
  const desk = await openWidget(context, stand.url, stand.accounts.bob, "/phone.html");
  try {
    await alice.dial("102");
    await Promise.all([bob.control("answer").waitFor(), desk.control("answer").waitFor()]);
    await bob.answer();
    await Promise.all([alice.active(), bob.active()]);
    await desk.control("move-here").click();
    await bob.ended("parked");
    await Promise.all([desk.active(), alice.call("active")]);
    await desk.hangup();
  } finally {
    await context.close();
  }
});
