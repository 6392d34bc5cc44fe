// Pages over https with a self-signed certificate.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { heard, openBrowser } from "./support/person.mjs";
import { hearsOnly, startStand } from "./support/stand.mjs";
import { openWidget, talk } from "./support/widget.mjs";

const ALICE_HZ = 1800;
const BOB_HZ = 1050;
let stand, aliceBrowser, bobBrowser;

before(async () => {
  stand = await startStand({ tls: true });
  [aliceBrowser, bobBrowser] = await Promise.all([openBrowser(ALICE_HZ), openBrowser(BOB_HZ)]);
});

after(async () => {
  await Promise.allSettled([aliceBrowser?.browser.close(), bobBrowser?.browser.close()]);
  assert.ok(await stand?.stop(), "both programs end cleanly");
});

test("a call between pages loaded over https, signalled over wss", async () => {
  const url = stand.url.replace("http:", "https:");
  const sockets = [];
  for (const { context } of [aliceBrowser, bobBrowser]) {
    context.on("page", (page) => page.on("websocket", (socket) => sockets.push(socket.url())));
  }
  const alice = await openWidget(aliceBrowser.context, url, stand.accounts.alice);
  const bob = await openWidget(bobBrowser.context, url, stand.accounts.bob);
  assert.deepEqual(sockets, Array(2).fill(`${url.replace("https:", "wss:")}/ws`));
  assert.ok(await alice.page.evaluate(() => globalThis.isSecureContext));

  const answeredAt = await talk(alice, bob, "102");
  for (const [widget, hz] of [[alice, BOB_HZ], [bob, ALICE_HZ]]) {
    const recording = await heard(widget.page, `tls-${hz}`);
    const offset = (answeredAt - recording.startedAt) / 1000;
    const judged = hearsOnly(recording.file, hz, `${offset + 0.8}:${offset + 2.4}`);
    assert.ok(judged.ok, `${hz} Hz and nothing else: ${judged.measured}`);
  }
  await alice.hangup();
  await bob.ended("hangup");
});
