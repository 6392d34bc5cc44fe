// How long after the click on Answer each side first hears the other (RINGDOWN_SAMPLES calls are made each way), and after a
// click on what one does a colleague sees it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { pause } from "./support/expect.mjs";
import { heard, openBrowser } from "./support/person.mjs";
import { firstHeardAt } from "./support/sound.mjs";
import { startStand } from "./support/stand.mjs";
import { openWidget } from "./support/widget.mjs";

const ALICE_HZ = 1800;
const BOB_HZ = 1050;
const SAMPLES = Number(process.env.RINGDOWN_SAMPLES ?? 3);
// Far more than it takes, also on a busy machine: what is measured is reported, and only nonsense fails.
const LIMIT_MS = 1000;
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

const report = (t, what, milliseconds) => {
  milliseconds.sort((one, other) => one - other);
  const part = (share) => Math.round(milliseconds[Math.ceil(share * milliseconds.length) - 1]);
  t.diagnostic(`${what}: median ${part(0.5)} ms, p95 ${part(0.95)} ms, most ${part(1)} ms of ${milliseconds.length}`);
  assert.ok(part(1) < LIMIT_MS, `${what}: ${milliseconds.map(Math.round)}`);
};

test("click on a presence to its sight at a colleague's", async (t) => {
  const took = [];
  for (let sample = 0; sample < 4 * SAMPLES; sample++) {
    const word = sample % 2 ? "ready" : "dnd";
    await bob.page.evaluate((dnd) => {
      const views = (root) => [...root.querySelectorAll("*")].flatMap((node) => [node, ...(node.shadowRoot ? views(node.shadowRoot) : [])]);
      const row = views(document).find((node) => node.dataset.testid === "person" && node.dataset.number === "101");
      globalThis.__seen = new Promise((resolve) => {
        const look = () => {
          if (row.classList.contains("dnd") === dnd) resolve(Date.now());
          else globalThis.requestAnimationFrame(look);
        };
        look();
      });
    }, word === "dnd");
    await alice.control("presence").first().click();
    await alice.control(`say-${word}`).click();
    const seenAt = await bob.page.evaluate(() => globalThis.__seen);
    took.push(seenAt - await alice.page.evaluate(() => globalThis.__clickedAt));
  }
  report(t, "presence", took);
});

test("answer click to first heard audio", async (t) => {
  const people = {
    alice: { widget: alice, number: "101", hz: ALICE_HZ },
    bob: { widget: bob, number: "102", hz: BOB_HZ },
  };
  const took = { caller: [], called: [] };
  for (let sample = 0; sample < 2 * SAMPLES; sample++) {
    const [caller, called] = sample % 2 ? [people.bob, people.alice] : [people.alice, people.bob];
    await caller.widget.dial(called.number);
    await called.widget.control("answer").waitFor();
    await caller.widget.call("ringing");
    await pause(800);
    await called.widget.answer();
    await Promise.all([alice.active(), bob.active()]);
    await pause(700);
    const clickedAt = await called.widget.page.evaluate(() => globalThis.__clickedAt);
    for (const [side, listener, speaker] of [["caller", caller, called], ["called", called, caller]]) {
      const first = firstHeardAt(await heard(listener.widget.page, "latency"), speaker.hz, clickedAt - 500);
      assert.ok(first >= clickedAt, "nothing is heard before the answer");
      took[side].push(first - clickedAt);
    }
    await caller.widget.hangup();
    for (const { widget } of [caller, called]) {
      await widget.ended("hangup");
      await widget.dismiss();
    }
  }
  for (const [side, milliseconds] of Object.entries(took)) report(t, side, milliseconds);
});
