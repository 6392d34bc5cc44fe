// Two people in browsers see each other through the widget: what is decoded is counted, and looked at.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { codecsOf, decoded, decodesMore, isGone, openWithCamera, shows } from "./support/camera.mjs";
import { expectWithin, pause } from "./support/expect.mjs";
import { startStand } from "./support/stand.mjs";
import { openWidget } from "./support/widget.mjs";

let stand, aliceBrowser, bobBrowser, alice, bob;

before(async () => {
  stand = await startStand();
  [aliceBrowser, bobBrowser] = await Promise.all([openWithCamera(1800, "red"), openWithCamera(1050, "blue")]);
  alice = await openWidget(aliceBrowser.context, stand.url, stand.accounts.alice);
  bob = await openWidget(bobBrowser.context, stand.url, stand.accounts.bob);
});

after(async () => {
  await Promise.allSettled([aliceBrowser?.browser.close(), bobBrowser?.browser.close()]);
  assert.ok(await stand?.stop(), "both programs end cleanly");
});

// One failed story must not spoil the next.
afterEach(async () => {
  for (const widget of [alice, bob]) await widget.tidy();
});

const offer = (codec) =>
  Promise.all([alice, bob].map(({ page }) => page.evaluate((name) => { globalThis.__videoCodec = name; }, codec)));

async function talk() {
  await alice.dial("102");
  await bob.answer();
  await Promise.all([alice.active(), bob.active()]);
}

test("cameras are switched on and off within a call, in every codec both browsers have", async (t) => {
  const codecs = await codecsOf(alice.page, ["video/VP8", "video/H264", "video/VP9", "video/AV1"]);
  assert.ok(codecs.includes("video/VP8"), `${codecs}`);
  for (const codec of codecs) {
    await t.test(codec, async () => {
      await offer(codec);
      await talk();
      await alice.control("camera").click();
      await shows(bob, "remote-camera", "red");
      await shows(alice, "camera", "red");
      await decodesMore(bob, codec);
      await bob.control("camera").click();
      await shows(alice, "remote-camera", "blue");
      await decodesMore(alice, codec);
      await decodesMore(bob, codec);
      await alice.control("camera").click();
      await isGone(bob, "remote-camera");
      await shows(alice, "remote-camera", "blue");
      await decodesMore(alice, codec);
      await alice.hangup();
      await bob.ended("hangup");
      for (const widget of [alice, bob]) await widget.tidy();
    });
  }
});

test("a screen is shared beside the camera, and both are seen", async () => {
  await offer(null);
  await talk();
  await alice.control("camera").click();
  await shows(bob, "remote-camera", "red");
  await alice.tool("share");
  await shows(bob, "remote-screen", "green");
  await shows(bob, "remote-camera", "red");
  await decodesMore(bob);
  assert.equal((await decoded(bob)).length, 2);
  await alice.tool("share");
  await isGone(bob, "remote-screen");
  await shows(bob, "remote-camera", "red");
});

test("a camera that was switched off is seen again when it is switched on", async () => {
  await offer(null);
  await talk();
  for (let turn = 0; turn < 2; turn++) {
    await alice.control("camera").click();
    await shows(bob, "remote-camera", "red");
    await decodesMore(bob);
    await alice.control("camera").click();
    await isGone(bob, "remote-camera");
  }
});

test("a screen is shared without a camera", async () => {
  await offer(null);
  await talk();
  await bob.tool("share");
  await shows(alice, "remote-screen", "green");
  assert.equal(await alice.control("video-remote-camera").count(), 0);
});

test("after hold the picture is back with a key frame", async () => {
  await offer("video/VP8");
  await talk();
  await alice.control("camera").click();
  await bob.control("camera").click();
  await Promise.all([shows(bob, "remote-camera", "red"), shows(alice, "remote-camera", "blue")]);
  const before = (await decoded(bob))[0];
  await alice.tool("hold");
  await alice.call("held");
  await isGone(bob, "remote-camera");
  await pause(1500);
  await alice.tool("hold");
  await alice.call("active");
  await shows(bob, "remote-camera", "red");
  await decodesMore(bob, "video/VP8");
  const after_ = (await decoded(bob)).find(({ ssrc }) => ssrc === before.ssrc);
  assert.ok(after_, "the same stream goes on");
  assert.ok(after_.keyFrames > before.keyFrames, `${before.keyFrames} key frames before, ${after_.keyFrames} after`);
});

test("a call that begins with a camera is answered with one", async () => {
  await offer(null);
  await alice.page.evaluate(() => {
    void document.querySelector("ringdown-phone").client.call("102", { video: true });
  });
  await bob.control("answer-video").click();
  await Promise.all([alice.active(), bob.active()]);
  await Promise.all([shows(bob, "remote-camera", "red"), shows(alice, "remote-camera", "blue")]);
  await bob.hangup();
  await alice.ended("hangup");
  // The cameras are off once nobody is shown anything.
  await expectWithin(async () => (await alice.control("video-camera").count()) === 0, "the camera is off");
});

test("a page is reloaded while both show their cameras: all pictures come back", async () => {
  await talk();
  await alice.control("camera").click();
  await bob.control("camera").click();
  await shows(bob, "remote-camera", "red");
  await shows(alice, "remote-camera", "blue");
  await alice.page.reload();
  await alice.active();
  await shows(alice, "remote-camera", "blue");
  await shows(alice, "camera", "red");
  await shows(bob, "remote-camera", "red");
  await bob.hangup();
  await alice.ended("hangup");
});
