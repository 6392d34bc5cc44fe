// The widget by itself, against the fake server: keyboard, content security policy, a lost connection, a refused microphone.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { chromium } from "playwright-core";

import { startFakeServer } from "./fake-server.mjs";

let server, browser, page;
let complaints = [];

const launch = (...more) =>
  chromium.launch({
    executablePath: process.env.RINGDOWN_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--use-fake-device-for-media-stream",
      "--disable-features=WebRtcHideLocalIpsWithMdns", ...more,
    ],
  });

const open = async (from, permissions = ["microphone"]) => {
  const opened = await (await from.newContext({ permissions, viewport: { width: 360, height: 640 } })).newPage();
  opened.setDefaultTimeout(10_000);
  opened.on("pageerror", (error) => complaints.push(error.message));
  opened.on("console", (message) => {
    // Chromium closes sound streams seconds after their page, and has 50 at most: the last of these tests find none.
    if (message.text().includes("error from the audio device")) return;
    if (message.type() === "error" || /content security policy/i.test(message.text())) complaints.push(message.text());
  });
  await opened.goto(`${server.address}/phone.html`);
  return opened;
};

/** Which control has the keyboard, through shadow roots. */
const focused = (on) =>
  on.evaluate(() => {
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    return at?.getAttribute("data-testid") ?? at?.tagName;
  });

const signIn = async (on) => {
  await on.getByTestId("username").fill("alice");
  await on.getByTestId("password").fill("right");
  await on.keyboard.press("Enter");
  await on.getByTestId("people").waitFor();
};

const state = (name) => page.locator(`[data-testid=call][data-state=${name}]`).waitFor();

before(async () => {
  server = await startFakeServer({ root: "dist" });
  browser = await launch("--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required");
  const media = await browser.newPage();
  await media.goto(`${server.address}/switch.html`);
});

after(async () => {
  await browser?.close();
  await server?.close();
});

beforeEach(async () => {
  complaints = [];
  page = await open(browser);
});

afterEach(async () => {
  await page.context().close();
  assert.deepEqual(complaints, [], "the page complains of nothing");
});

test("a call from sign-in to its end with the keyboard alone", async () => {
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "username");
  await page.keyboard.type("alice");
  await page.keyboard.press("Tab");
  await page.keyboard.type("right");
  await page.keyboard.press("Enter");
  await page.getByTestId("people").waitFor();
  await page.waitForFunction(() => document.activeElement?.tagName === "RINGDOWN-PHONE");
  assert.equal(await focused(page), "search", "the keyboard goes on in the search");
  await page.keyboard.type("grace");
  await page.keyboard.press("Enter");
  await state("ringing");
  assert.equal(await focused(page), "call-name", "a held key does not hang up");
  server.answer();
  await state("active");
  await page.getByTestId("keypad").focus();
  await page.keyboard.press("Enter");
  await page.keyboard.type("12#");
  assert.equal((await page.getByTestId("sent-digits").textContent()).trim(), "12#");
  await page.keyboard.press("Escape");
  await page.getByTestId("hold").focus();
  await page.keyboard.press("Enter");
  await state("held");
  await page.keyboard.press("Enter");
  await state("active");
  await page.getByTestId("hangup").focus();
  await page.keyboard.press("Enter");
  await page.getByTestId("ended").waitFor();
  assert.equal(await focused(page), "dismiss");
  await page.keyboard.press("Enter");
  await page.getByTestId("people").waitFor();
});

test("a call that comes in does not take the keyboard from what the user writes elsewhere", async () => {
  await signIn(page);
  await page.evaluate(() => {
    const note = document.createElement("textarea");
    document.body.append(note);
    note.focus();
  });
  server.ring("102");
  await page.getByTestId("answer").waitFor();
  await page.keyboard.type("dear customer");
  assert.equal(await page.locator("textarea").inputValue(), "dear customer");
  await page.getByTestId("decline").click();
  await page.getByTestId("ended").waitFor();
});

test("the page is told of a call by events, and calls by a method", async () => {
  await signIn(page);
  await page.evaluate(() => {
    globalThis.told = [];
    for (const name of ["call", "incoming", "answered", "ended"]) {
      document.addEventListener(`ringdown:${name}`, ({ detail }) => globalThis.told.push([name, detail.number, detail.reason ?? ""]));
    }
  });
  server.ring("102", { ticket: "7" });
  await page.getByTestId("answer").click();
  await state("active");
  server.end("hangup");
  await page.getByTestId("ended").waitFor();
  await page.evaluate(() => void document.querySelector("ringdown-phone").call("104"));
  await state("ringing");
  await page.getByTestId("hangup").click();
  await page.locator("[data-testid=ended][data-reason=cancelled]").waitFor();
  assert.deepEqual(await page.evaluate(() => globalThis.told), [
    ["call", "102", ""], ["incoming", "102", ""], ["answered", "102", ""], ["ended", "102", "hangup"],
    ["call", "104", ""], ["ended", "104", "cancelled"],
  ]);
});

test("a call outlives a lost connection", async () => {
  await signIn(page);
  server.ring("102");
  await page.getByTestId("answer").click();
  await state("active");
  server.drop();
  await page.getByTestId("notice-connection").waitFor();
  await page.getByTestId("notice-connection").waitFor({ state: "detached" });
  await state("active");
  await page.getByTestId("hangup").click();
  await page.getByTestId("ended").waitFor();
});

test("two calls: the second is answered, the first held and taken back", async () => {
  await signIn(page);
  server.ring("102");
  await page.getByTestId("answer").click();
  await state("active");
  server.ring("104");
  await page.getByTestId("answer").click();
  await page.locator('[data-testid=call][data-number="104"][data-state=active]').waitFor();
  await page.getByTestId("resume-other").click();
  await page.locator('[data-testid=call][data-number="102"][data-state=active]').waitFor();
  await page.getByTestId("hangup").click();
  await page.locator('[data-testid=call][data-number="104"][data-state=held]').waitFor();
  await page.getByTestId("hangup").click();
  await page.getByTestId("ended").waitFor();
});

test("a reload goes on with the sign-in, and sound is unlocked by the first click", async () => {
  await signIn(page);
  await page.reload();
  await page.getByTestId("people").waitFor();
  await page.getByTestId("tab-keypad").click();
  await page.getByTestId("notice-sound").waitFor({ state: "detached" });
});

test("a refused microphone is explained in words and places no call", async () => {
  const refusing = await launch("--deny-permission-prompts");
  try {
    const refused = await open(refusing, []);
    await signIn(refused);
    await refused.getByTestId("call-person").first().click();
    await refused.locator("[data-testid=problem][data-name=mic-blocked]").waitFor();
    assert.match(await refused.getByTestId("problem").textContent(), /Allow it by the icon/);
    await refused.getByTestId("dismiss").click();
    await refused.getByTestId("notice-mic").waitFor();
  } finally {
    await refusing.close();
  }
});

test("a call is handed on with the keyboard alone, and a dialog gives the keyboard back", async () => {
  await signIn(page);
  server.ring("102");
  await page.getByTestId("answer").click();
  await state("active");
  await page.getByTestId("transfer").focus();
  await page.keyboard.press("Enter");
  await page.getByTestId("dialog").waitFor();
  await page.waitForFunction(() => document.activeElement?.shadowRoot?.activeElement?.localName === "ringdown-dialog");
  assert.equal(await focused(page), "picker-search");
  await page.keyboard.press("Shift+Tab");
  assert.equal(await focused(page), "dialog-close", "Tab goes round within the dialog");
  await page.keyboard.press("Escape");
  await page.getByTestId("dialog").waitFor({ state: "detached" });
  assert.equal(await focused(page), "transfer");
  await page.keyboard.press("Enter");
  await page.getByTestId("picker-search").waitFor();
  await page.keyboard.type("daniel");
  await page.keyboard.press("Enter");
  await page.getByTestId("transfer-now").focus();
  await page.keyboard.press("Enter");
  await page.locator("[data-testid=ended][data-reason=transferred]").waitFor();
});

test("what has no room among the tools is in a menu that the arrow keys walk", async () => {
  await signIn(page);
  server.ring("102");
  await page.getByTestId("answer").click();
  await state("active");
  await page.getByTestId("more").focus();
  await page.keyboard.press("ArrowUp");
  await page.getByTestId("park").waitFor();
  await page.waitForFunction(() => document.activeElement?.localName === "ringdown-phone");
  assert.equal(await focused(page), "park", "the last is reached first from below");
  await page.keyboard.press("Escape");
  assert.equal(await focused(page), "more");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await page.getByTestId("notice-parked").waitFor();
  await page.getByTestId("people").waitFor();
});

test("the language the user chose is spoken at once, and after a reload", async () => {
  await signIn(page);
  await page.getByTestId("settings").click();
  await page.getByTestId("settings-appearance").click();
  await page.getByTestId("language").selectOption("ru");
  await page.getByTestId("tab-people").getByText("Люди").waitFor();
  await page.reload();
  await page.getByTestId("tab-people").getByText("Люди").waitFor();
  assert.equal(await page.locator("ringdown-phone .frame").first().getAttribute("lang"), "ru");
  assert.equal(await page.evaluate(() => document.documentElement.lang), "ru", "the full page says so too");
});

test("a call that waits is ignored, or answered in place of the one under way", async () => {
  await signIn(page);
  server.ring("102");
  await page.getByTestId("answer").click();
  await state("active");
  server.ring("104");
  await page.getByTestId("waiting-more").click();
  await page.getByTestId("ignore").click();
  await page.getByTestId("answer").waitFor({ state: "detached" });
  server.ring("107");
  await page.getByTestId("waiting-more").click();
  await page.getByTestId("end-and-answer").click();
  await page.locator('[data-testid=call][data-number="107"][data-state=active]').waitFor();
  assert.equal(await page.getByTestId("other-call").count(), 0, "the first is over, the ignored one is not shown");
});
