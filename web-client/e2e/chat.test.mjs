// The chat as people use it: alice, bob and carol write, send a file, read, search, make a group; a telephone takes part.

/* global DataTransfer, Event, File */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { accessible } from "./support/axe.mjs";
import { expectWithin } from "./support/expect.mjs";
import { openBrowser } from "./support/person.mjs";
import { startStand } from "./support/stand.mjs";
import { openWidget } from "./support/widget.mjs";

let stand, browser, alice, bob, carol;

before(async () => {
  stand = await startStand();
  ({ browser } = await openBrowser(1000));
  const open = async (name) => {
    const context = await browser.newContext({ viewport: { width: 820, height: 720 }, permissions: ["microphone"], locale: "en-US" });
    return openWidget(context, stand.url, stand.accounts[name], "/phone.html");
  };
  alice = await open("alice");
  bob = await open("bob");
  carol = await open("carol");
});

after(async () => {
  await browser?.close();
  assert.ok(await stand?.stop(), "both programs end cleanly");
});

const userId = (widget) => widget.page.evaluate(() => document.querySelector("ringdown-phone").client.me.userId);

/** Opens the conversation with somebody. */
const openChat = async (widget, other) => {
  const to = await userId(other);
  await widget.control("tab-chat").click();
  await widget.page.locator("ringdown-chats").evaluate((chats, id) => chats.model.navigate("chat", { to: id }), to);
  await widget.control("chat-text").waitFor();
};

const write = async (widget, text) => {
  await widget.control("chat-text").fill(text);
  await widget.page.keyboard.press("Enter");
};

const shows = (widget, text) => widget.page.getByTestId("message-text").filter({ hasText: text }).first().waitFor();

test("bob is shown what alice writes, and alice that he read it", async () => {
  await openChat(alice, bob);
  await write(alice, "Grüße, мир, 世界 <b>");
  await shows(alice, "Grüße, мир, 世界 <b>");
  const unread = bob.control("tab-chat").getByTestId("badge");
  await unread.waitFor();
  const mine = alice.page.getByTestId("message").first();
  const state = (wanted) => expectWithin(async () => (await mine.getAttribute("data-state")) === wanted, `the message is ${wanted}`, () => mine.getAttribute("data-state"));
  await state("delivered");
  await bob.control("tab-chat").click();
  await bob.control("chat-row").first().click();
  await shows(bob, "Grüße, мир, 世界 <b>");
  await state("read");
  await unread.waitFor({ state: "detached" });
  await accessible(bob.page, "a conversation");
});

test("bob types, answers, sends a picture and a file, and alice saves it", async () => {
  await bob.control("chat-text").pressSequentially("mo");
  await alice.page.getByTestId("typing").filter({ hasText: /bob/i }).waitFor();
  await write(bob, "moin");
  await shows(alice, "moin");
  const picture = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
  // Dropped onto the conversation, with words; the plan is chosen.
  const dropped = await bob.page.evaluateHandle((bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], "точка.png", { type: "image/png" }));
    return data;
  }, [...picture]);
  const place = bob.page.locator("ringdown-chat");
  await place.dispatchEvent("dragover", { dataTransfer: dropped });
  await place.dispatchEvent("drop", { dataTransfer: dropped });
  await bob.control("staged").filter({ hasText: "точка.png" }).waitFor();
  await write(bob, "a dot");
  await shows(alice, "a dot");
  const shown = alice.page.getByTestId("chat-picture");
  await shown.waitFor();
  await expectWithin(() => shown.evaluate((image) => image.complete && image.naturalWidth === 1), "alice sees the picture");
  await bob.control("chat-file-input").setInputFiles({ name: "plan.txt", mimeType: "text/html", buffer: Buffer.from("<script>alert(1)</script>") });
  await bob.control("chat-send").click();
  const link = alice.page.getByTestId("chat-file");
  await link.waitFor();
  await expectWithin(async () => (await link.getAttribute("href"))?.includes("link="), "it has an address");
  const answer = await alice.page.request.get(new URL(await link.getAttribute("href"), stand.url).href);
  assert.match(answer.headers()["content-disposition"], /^attachment/);
  assert.equal(await answer.text(), "<script>alert(1)</script>");
});

test("alice changes and deletes what she wrote, and finds what bob wrote", async () => {
  await write(alice, "Hauptstrasse 5");
  await shows(bob, "Hauptstrasse 5");
  const own = alice.page.getByTestId("message").filter({ hasText: /Hauptstra(ss|ß)e/ });
  await alice.control("chat-text").press("ArrowUp");
  await alice.control("edit-cancel").waitFor();
  await write(alice, "Hauptstraße 7");
  await shows(bob, "Hauptstraße 7");
  await alice.control("chat-search").fill("МИР welt 世");
  await alice.control("empty").waitFor();
  await alice.control("chat-search").fill("STRASSE");
  await alice.page.getByTestId("chat-hit").filter({ hasText: "Hauptstraße 7" }).click();
  const isShown = async () => (await own.getAttribute("class"))?.includes("found");
  await expectWithin(isShown, "what was found stands out in its conversation");
  await alice.control("chat-search").fill("");
  await alice.page.getByTestId("message").filter({ hasText: "Hauptstraße 7" }).getByRole("button").click();
  await alice.control("delete-message").click();
  await expectWithin(async () => (await bob.page.getByTestId("message-text").filter({ hasText: "Hauptstraße" }).count()) === 0, "it is gone for bob");
});

test("three in a group, also after a reload", async () => {
  await alice.control("tab-chat").click();
  await alice.control("new-group").click();
  await alice.control("group-name").fill("Команда");
  for (const box of await alice.page.getByTestId("group-member").all()) await box.check();
  await alice.control("create-group").click();
  await alice.page.getByTestId("chat-title").filter({ hasText: "Команда" }).waitFor();
  await write(alice, "welcome");
  await carol.control("tab-chat").click();
  await carol.page.getByTestId("chat-row").filter({ hasText: "Команда" }).click();
  await shows(carol, "welcome");
  await write(carol, "hello all");
  await shows(alice, "hello all");
  await carol.page.reload();
  await carol.control("tab-chat").click();
  await carol.page.getByTestId("chat-row").filter({ hasText: "Команда" }).click();
  await shows(carol, "welcome");
});

test("carol gives a sign, alice renames the group and takes carol out", async () => {
  const last = carol.page.getByTestId("message").filter({ hasText: "welcome" });
  await last.getByRole("button").last().click();
  await carol.page.getByTestId("react").first().click();
  await alice.page.getByTestId("sign").filter({ hasText: "👍 1" }).waitFor();
  await alice.control("chat-about").click();
  await accessible(alice.page, "about a group");
  await alice.control("group-title").fill("Команда А");
  await alice.control("rename-group").click();
  await carol.page.getByTestId("chat-title").filter({ hasText: "Команда А" }).waitFor();
  await alice.page.locator("[data-testid=chat-member]").filter({ hasText: /carol/i }).getByTestId("remove-member").click();
  await carol.control("empty").filter({ hasText: "no longer in this conversation" }).waitFor();
  await alice.control("dialog-close").click();
});

test("what a page in the background is sent is unread until somebody looks", async () => {
  await openChat(alice, carol);
  await openChat(carol, alice);
  await write(carol, "see https://crm.example.com/7.");
  const link = alice.page.getByTestId("message-text").locator("a");
  await link.waitFor();
  assert.equal(await link.getAttribute("href"), "https://crm.example.com/7");
  const hidden = (is) => alice.page.evaluate((state) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
    document.dispatchEvent(new Event("visibilitychange"));
  }, is ? "hidden" : "visible");
  const mine = carol.page.getByTestId("message").last();
  const state = (wanted) => expectWithin(async () => (await mine.getAttribute("data-state")) === wanted, `the message is ${wanted}`, () => mine.getAttribute("data-state"));
  await state("read");
  await hidden(true);
  await write(carol, "and this?");
  await shows(alice, "and this?");
  await state("delivered");
  await hidden(false);
  await state("read");
});

test("what is refused stays, says why and is sent again; a blocked person cannot write", async () => {
  await carol.control("chat-about").click();
  await carol.control("chat-block").click();
  await carol.control("chat-blocked").waitFor();
  await carol.control("dialog-close").click();
  await write(alice, "are you there?");
  await alice.control("retry").waitFor();
  await carol.control("chat-unblock").click();
  await carol.control("chat-blocked").waitFor({ state: "detached" });
  await alice.control("retry").click();
  await shows(carol, "are you there?");
  assert.equal(await alice.page.getByTestId("outgoing").count(), 0);
});

test("in a call the chat is beside it", async () => {
  await alice.dial("102");
  await bob.control("answer").waitFor();
  await bob.answer();
  await Promise.all([alice.active(), bob.active()]);
  await alice.tool("chat");
  await write(alice, "written in the call");
  await bob.tool("chat");
  await shows(bob, "written in the call");
  await bob.hangup();
  await bob.ended("hangup");
});
