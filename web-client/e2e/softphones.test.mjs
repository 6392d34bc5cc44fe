// Telephones in pages, built on JsSIP and on SIP.js: they know SIP over WebSocket and WebRTC, and nothing of Ringdown.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";

import { pause } from "./support/expect.mjs";
import { openLine } from "./support/line.mjs";
import { heard, openBrowser } from "./support/person.mjs";
import { openSoftphone, servePages } from "./support/softphone.mjs";
import { longestLoss } from "./support/sound.mjs";
import { hearsOnly, startStand } from "./support/stand.mjs";
import { startTelephone } from "./support/telephone.mjs";
import { openWidget } from "./support/widget.mjs";

const ALICE_HZ = 1800;
const BOB_HZ = 1050;
let stand, pages, aliceBrowser, bobBrowser;

before(async () => {
  [stand, pages] = await Promise.all([startStand(), servePages()]);
  [aliceBrowser, bobBrowser] = await Promise.all([openBrowser(ALICE_HZ), openBrowser(BOB_HZ)]);
});

after(async () => {
  await Promise.allSettled([aliceBrowser?.browser.close(), bobBrowser?.browser.close(), pages?.close()]);
  assert.ok(await stand?.stop(), "both programs end cleanly");
});

const open = (kind, name, server = stand.sip_wss) =>
  openSoftphone((name === "alice" ? aliceBrowser : bobBrowser).context, pages, {
    kind,
    server,
    account: stand.accounts[name],
  });

/** Judges what a page heard from a moment on. */
async function pageHears(page, hz, since, name) {
  const recording = await heard(page, name);
  const offset = (since - recording.startedAt) / 1000;
  const judged = hearsOnly(recording.file, hz, `${Math.max(0, offset) + 1.2}:${Math.max(0, offset) + 2.6}`);
  assert.ok(judged.ok, `${name} hears ${hz} Hz and nothing else: ${judged.measured}`);
  return recording;
}

async function telephoneHears(telephone, hz) {
  const judged = hearsOnly(await telephone.heard(), hz, "1.2:2.6");
  assert.ok(judged.ok, `the telephone hears ${hz} Hz and nothing else: ${judged.measured}`);
}

for (const kind of ["jssip", "sipjs"]) {
  describe(kind, () => {
    let alice, bob;

    before(async () => {
      alice = await open(kind, "alice");
    });

    after(() => alice?.page.close());

    afterEach(async () => {
      await alice.tidy();
      await bob?.stop?.();
      bob = undefined;
    });

    test("a desk phone is called, hears and is heard, and the page hangs up", async () => {
      bob = await startTelephone(stand, "bob", BOB_HZ, { codecs: "PCMA" });
      await alice.do("call", "102");
      await bob.wait("CALL_INCOMING");
      bob.answer();
      await alice.is("active");
      const since = Date.now();
      await pause(3200);
      await alice.do("hangup");
      await bob.wait("CALL_CLOSED");
      await pageHears(alice.page, BOB_HZ, since, `${kind}-calls`);
      await telephoneHears(bob, ALICE_HZ);
    });

    test("a desk phone calls, hears and is heard, and hangs up", async () => {
      bob = await startTelephone(stand, "bob", BOB_HZ, { codecs: "opus" });
      bob.dial("101");
      await alice.is("incoming");
      await alice.do("answer");
      await bob.wait("CALL_ESTABLISHED");
      await alice.is("active");
      const since = Date.now();
      await pause(3200);
      bob.hangup();
      await bob.wait("CALL_CLOSED");
      await alice.is("ended");
      await pageHears(alice.page, BOB_HZ, since, `${kind}-is-called`);
      await telephoneHears(bob, ALICE_HZ);
    });

    test("digits arrive as pressed", async () => {
      bob = await startTelephone(stand, "bob", BOB_HZ);
      await alice.do("call", "102");
      await bob.wait("CALL_INCOMING");
      bob.answer();
      await alice.is("active");
      await pause(800);
      for (const key of "15*#") {
        await alice.do("press", key);
        assert.equal((await bob.wait("CALL_DTMF_START")).param, key);
        await pause(400);
      }
      await alice.do("hangup");
      await bob.wait("CALL_CLOSED");
    });

    test("the widget and the page talk; the page holds and comes back", async () => {
      const widget = await openWidget(bobBrowser.context, stand.url, stand.accounts.bob);
      try {
        await alice.do("call", "102");
        await widget.answer();
        await Promise.all([widget.active(), alice.is("active")]);
        let since = Date.now();
        await pause(3000);
        await pageHears(alice.page, BOB_HZ, since, `${kind}-widget`);
        await pageHears(widget.page, ALICE_HZ, since, `${kind}-at-the-widget`);

        await alice.do("hold");
        await alice.until(({ held }) => held, "held");
        await pause(600);
        const heldAt = Date.now();
        await pause(2000);
        await alice.do("unhold");
        await alice.until(({ held }) => !held, "back");
        since = Date.now();
        await pause(3000);
        const recording = await pageHears(widget.page, ALICE_HZ, since, `${kind}-after-hold`);
        const loss = longestLoss(recording, ALICE_HZ, heldAt, heldAt + 1500);
        assert.ok(loss >= 1400, `while held the widget does not hear the page: silent for ${loss} ms`);
        const power = await alice.page.evaluate(() => globalThis.powerOfNextSecond());
        assert.ok(power > 0.02 && power < 0.2, `the page hears the tone again: power ${power}`);

        await widget.hangup();
        await alice.is("ended");
      } finally {
        await widget.page.close();
      }
    });
  });
}

test("JsSIP and SIP.js call each other", async () => {
  const alice = await open("jssip", "alice");
  const bob = await open("sipjs", "bob");
  try {
    for (const [caller, callee, number] of [
      [alice, bob, "102"],
      [bob, alice, "101"],
    ]) {
      await caller.do("call", number);
      await callee.is("incoming");
      await callee.do("answer");
      await Promise.all([caller.is("active"), callee.is("active")]);
      const since = Date.now();
      await pause(3000);
      await pageHears(alice.page, BOB_HZ, since, `jssip-with-sipjs-${number}`);
      await pageHears(bob.page, ALICE_HZ, since, `sipjs-with-jssip-${number}`);
      await callee.do("hangup");
      await Promise.all([caller.is("ended"), callee.is("ended")]);
    }
  } finally {
    await Promise.all([alice.page.close(), bob.page.close()]);
  }
});

// SIP.js drops its own calls with the connection, by design; JsSIP keeps them.
test("a call outlives its WebSocket and goes on over the next", async () => {
  const line = await openLine(stand.sip_ws.replace("ws:", "http:"));
  const mobile = await open("jssip", "alice", line.url.replace("http:", "ws:"));
  const bob = await startTelephone(stand, "bob", BOB_HZ, { codecs: "PCMA" });
  try {
    await mobile.do("call", "102");
    await bob.wait("CALL_INCOMING");
    bob.answer();
    await mobile.is("active");
    await pause(1500);
    const before = await mobile.state();
    const cutAt = Date.now();
    line.cut();
    await mobile.until(({ disconnected }) => disconnected > before.disconnected, "disconnected");
    await pause(1000);
    line.mend();
    await mobile.until(({ registered }) => registered > before.registered, "registered again", 15_000);
    assert.equal((await mobile.state()).call, "active");
    await pause(500);
    const recording = await heard(mobile.page, "outlives");
    const loss = longestLoss(recording, BOB_HZ, cutAt, Date.now() - 300);
    assert.ok(loss <= 200, `the media goes on: silent for ${loss} ms`);

    // A request of the page in the call, and one of the switch, over the new connection.
    await mobile.do("hold");
    await mobile.until(({ held }) => held, "held");
    await mobile.do("unhold");
    await mobile.until(({ held }) => !held, "back");
    bob.hangup();
    await mobile.is("ended");
  } finally {
    await mobile.tidy();
    await Promise.all([mobile.page.close(), bob.stop()]);
    await line.close();
  }
});

test("SIP.js comes back over another WebSocket and is reached there", async () => {
  const line = await openLine(stand.sip_ws.replace("ws:", "http:"));
  const mobile = await open("sipjs", "alice", line.url.replace("http:", "ws:"));
  const bob = await startTelephone(stand, "bob", BOB_HZ, { codecs: "PCMA" });
  try {
    const before = await mobile.state();
    line.cut();
    await mobile.until(({ disconnected }) => disconnected > before.disconnected, "disconnected");
    line.mend();
    await mobile.until(({ registered }) => registered > before.registered, "registered again", 20_000);
    bob.dial("101");
    await mobile.is("incoming");
    await mobile.do("answer");
    await bob.wait("CALL_ESTABLISHED");
    const since = Date.now();
    await pause(3200);
    bob.hangup();
    await mobile.is("ended");
    await pageHears(mobile.page, BOB_HZ, since, "sipjs-comes-back");
  } finally {
    await Promise.all([mobile.page.close(), bob.stop()]);
    await line.close();
  }
});

test("an ICE restart keeps the call", async () => {
  const alice = await open("jssip", "alice");
  const bob = await startTelephone(stand, "bob", BOB_HZ, { codecs: "PCMA" });
  try {
    await alice.do("call", "102");
    await bob.wait("CALL_INCOMING");
    bob.answer();
    await alice.is("active");
    await pause(1500);
    const restartedAt = Date.now();
    await alice.do("restartIce");
    await pause(3000);
    const recording = await heard(alice.page, "jssip-restart");
    const loss = longestLoss(recording, BOB_HZ, restartedAt, restartedAt + 2500);
    assert.ok(loss <= 500, `silent for ${loss} ms`);
    await alice.do("hangup");
    await bob.wait("CALL_CLOSED");
  } finally {
    await alice.page.close();
    await bob.stop();
  }
});

test("both libraries find their way where SHA-256 is preferred", async () => {
  const modern = await startStand({ digest: "sha-256,md5" });
  try {
    for (const kind of ["jssip", "sipjs"]) {
      const phone = await openSoftphone(aliceBrowser.context, pages, {
        kind,
        server: modern.sip_wss,
        account: modern.accounts.alice,
      });
      await phone.page.close();
    }
  } finally {
    assert.ok(await modern.stop(), "both programs end cleanly");
  }
});

test("a page of another site is refused before anything is said", async () => {
  const page = await aliceBrowser.context.newPage();
  try {
    // The same server, under a name that is none of this host's.
    await page.goto(pages.url.replace("127.0.0.1", "elsewhere.localhost"));
    const opened = await page.evaluate(
      (url) =>
        new Promise((resolve) => {
          const socket = new globalThis.WebSocket(url, "sip");
          socket.onopen = () => resolve(true);
          socket.onerror = () => resolve(false);
        }),
      stand.sip_ws,
    );
    assert.equal(opened, false);
  } finally {
    await page.close();
  }
});
