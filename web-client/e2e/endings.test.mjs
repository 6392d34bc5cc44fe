// Every way a call ends, and several devices of one person.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { expectWithin, pause } from "./support/expect.mjs";
import { openBrowser } from "./support/person.mjs";
import { startStand } from "./support/stand.mjs";
import { openWidget } from "./support/widget.mjs";

let stand, aliceBrowser, bobBrowser, alice, bob;

before(async () => {
  stand = await startStand();
  [aliceBrowser, bobBrowser] = await Promise.all([openBrowser(440), openBrowser(950)]);
  alice = await openWidget(aliceBrowser.context, stand.url, stand.accounts.alice);
  bob = await openWidget(bobBrowser.context, stand.url, stand.accounts.bob);
});

after(async () => {
  await Promise.allSettled([aliceBrowser?.browser.close(), bobBrowser?.browser.close()]);
  assert.ok(await stand?.stop(), "both programs end cleanly");
});

afterEach(async () => {
  for (const widget of [alice, bob]) await widget.tidy();
});

test("a declined call", async () => {
  await alice.dial("102");
  await bob.control("decline").click();
  await alice.ended("declined");
});

test("a call cancelled before the answer", async () => {
  await alice.dial("102");
  await bob.control("answer").waitFor();
  await alice.hangup();
  await expectWithin(async () => !(await bob.control("answer").isVisible()), "bob's page stops ringing");
});

test("a wrong number", async () => {
  await alice.dial("999");
  await alice.ended("not-found");
});

test("somebody who is offline", async () => {
  await alice.dial("103");
  await alice.ended("offline");
});

test("nobody answers", async () => {
  await changeUser("bob", { ringSeconds: 5 });
  await alice.dial("102");
  await bob.control("answer").waitFor();
  await alice.ended("no-answer");
  await expectWithin(async () => !(await bob.control("answer").isVisible()), "bob's page stops ringing");
  await changeUser("bob", { ringSeconds: 30 });
});

test("two browsers ring, one answers, the other is told", async () => {
  const elsewhere = await bobBrowser.browser.newContext({ bypassCSP: true, permissions: ["microphone"] });
  const second = await openWidget(elsewhere, stand.url, stand.accounts.bob);
  await alice.dial("102");
  await Promise.all([bob.control("answer").waitFor(), second.control("answer").waitFor()]);
  await second.answer();
  await Promise.all([second.active(), alice.active()]);
  await expectWithin(async () => !(await bob.control("answer").isVisible()), "the other browser stops ringing");
  await pause(300);
  await alice.hangup();
  await second.ended("hangup");
  await elsewhere.close();
});

test("the echo test answers", async () => {
  await alice.dial("*43");
  await alice.active();
  await pause(500);
  await alice.hangup();
});

async function changeUser(name, changes) {
  const ask = async (method, path, body, token) => {
    const response = await fetch(stand.url + path, {
      method,
      headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: body ? JSON.stringify(body) : undefined,
    });
    assert.ok(response.ok, `${method} ${path}: ${response.status}`);
    const text = await response.text();
    return text ? JSON.parse(text) : null;
  };
  const { password } = stand.accounts.admin;
  const { accessToken } = await ask("POST", "/api/v1/login", { username: "admin", password });
  const answer = await ask("GET", "/api/v1/users", undefined, accessToken);
  const user = (answer.users ?? answer).find(({ username }) => username === name);
  await ask("PATCH", `/api/v1/users/${user.id}`, changes, accessToken);
}
