// What the switch says of a call's quality, held against what Chromium says of it; and a microphone that falls silent.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { employ, signedIn } from "./support/admin.mjs";
import { expectWithin } from "./support/expect.mjs";
import { startStand } from "./support/stand.mjs";
import { openVoices } from "./support/voices.mjs";
import { meet } from "./support/widget.mjs";

// Reports come every 2.5 to 7.5 s, warnings after two of them; a busy machine takes longer.
const PATIENCE = 60_000;
let stand, voices, alice, bob, carol, dave;

before(async () => {
  stand = await startStand();
  const { accounts } = stand;
  const daves = await employ(await signedIn(stand), "dave", "104");
  const people = { alice: { account: accounts.alice, hz: 1800 }, bob: { account: accounts.bob, hz: 1050 }, carol: { account: accounts.carol, hz: 700 }, dave: { account: daves, hz: 1330 } };
  voices = await openVoices(stand.url, people, (context) => context.addInitScript(() => {
    const Native = globalThis.RTCPeerConnection;
    globalThis.__peers = [];
    globalThis.RTCPeerConnection = class extends Native {
      constructor(...args) {
        super(...args);
        globalThis.__peers.push(this);
      }
    };
  }));
  ({ alice, bob, carol, dave } = voices);
});

after(async () => {
  await voices?.close();
  assert.ok(await stand?.stop(), "both programs end cleanly");
});

/** What the library says of the call under way. */
const told = (widget) => widget.page.evaluate(() => document.querySelector("ringdown-phone").client.calls[0]?.quality ?? null);

/** What Chromium says of its latest connection. */
const measured = (widget) =>
  widget.page.evaluate(async () => {
    const report = [...(await globalThis.__peers.at(-1).getStats()).values()];
    const one = (type) => report.find((stats) => stats.type === type && stats.kind === "audio") ?? {};
    const { packetsSent } = one("outbound-rtp");
    const { packetsReceived, packetsLost, jitter } = one("inbound-rtp");
    const { packetsLost: remoteLost, roundTripTime } = one("remote-inbound-rtp");
    return { packetsSent, packetsReceived, packetsLost, jitter, remoteLost, roundTripTime };
  });

// Both wait for reports most of the time: two calls go on beside each other.
describe("reports", { concurrency: true }, () => {
  test("the switch's figures are Chromium's own", async (t) => {
    await meet(alice, bob, "102");
    for (const widget of [alice, bob]) {
      const isTold = async () => {
        const quality = await told(widget);
        return quality?.sent && quality.received && quality.roundTripMs !== null;
      };
      await expectWithin(isTold, "figures of both ways", async () => JSON.stringify(await told(widget)), PATIENCE);
      const [quality, stats] = [await told(widget), await measured(widget)];
      t.diagnostic(`switch ${JSON.stringify(quality)}, Chromium ${JSON.stringify(stats)}`);
      assert.ok(Math.abs(quality.roundTripMs - stats.roundTripTime * 1000) < 60, "round trip");
      assert.ok(Math.abs(quality.received.jitterMs - stats.jitter * 1000) < 25, "jitter");
      assert.ok(quality.sent.lost <= stats.remoteLost + 2, "what alice says is not lost");
      assert.ok(quality.sent.mos > 3.6 && quality.sent.mos <= 4.5, "a call within one host is good");
    }
    const { packetsSent } = await measured(alice);
    await alice.hangup();
    await bob.ended("hangup");
    const lastCall = () =>
      alice.page.evaluate(async () => (await document.querySelector("ringdown-phone").client.history.list({})).entries[0]);
    await expectWithin(async () => (await lastCall())?.quality?.sent, "figures in history", lastCall, PATIENCE);
    const { sent } = (await lastCall()).quality;
    // A few more packets left between the last look and the end.
    const counted = sent.packets + sent.lost;
    assert.ok(counted >= packetsSent - 5 && counted <= packetsSent + 150, `${counted} of ${packetsSent} packets`);
  });

  test("a microphone that falls silent is told on both sides, once, and taken back", async () => {
    await meet(carol, dave, "104");
    for (const widget of [carol, dave]) {
      await widget.page.evaluate(() => {
        globalThis.__warnings = [];
        document.querySelector("ringdown-phone").client.calls[0].on("quality", (_, { raised, cleared }) => {
          for (const { issue, side } of raised) globalThis.__warnings.push(`+${side} ${issue}`);
          for (const { issue, side } of cleared) globalThis.__warnings.push(`-${side} ${issue}`);
        });
      });
    }
    const warnings = async (widget) =>
      (await widget.page.evaluate(() => globalThis.__warnings)).filter((warning) => warning.endsWith("silent-microphone"));
    let isHeard = true;
    // Again at each look: a page that finds another device takes its microphone anew.
    const speaks = (enabled = isHeard) => {
      isHeard = enabled;
      return carol.page.evaluate((on) => {
        for (const track of globalThis.__microphones) track.enabled = on;
      }, enabled);
    };
    const expectWarnings = async (widget, expected) =>
      expectWithin(
        async () => {
          await speaks();
          return JSON.stringify(await warnings(widget)) === JSON.stringify(expected);
        },
        `warnings ${expected}`,
        async () => `${await widget.page.evaluate(() => globalThis.__warnings)} ${JSON.stringify(await measured(widget))}`,
        PATIENCE,
      );
    // Not muted: the device gives nothing.
    await speaks(false);
    await expectWarnings(carol, ["+own silent-microphone"]);
    await expectWarnings(dave, ["+peer silent-microphone"]);
    const hint = await carol.control("quality").textContent();
    assert.match(hint, /microphone is silent/);
    await speaks(true);
    await expectWarnings(carol, ["+own silent-microphone", "-own silent-microphone"]);
    await expectWarnings(dave, ["+peer silent-microphone", "-peer silent-microphone"]);
    await carol.hangup();
    await dave.ended("hangup");
  });
});
