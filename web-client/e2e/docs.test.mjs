// The documentation site: every link leads somewhere, the search finds, and every example does what it says.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, afterEach, before, test } from "node:test";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import { WebSocket } from "ws";

import { startFakeServer } from "./fake-server.mjs";
import { accessible } from "./support/axe.mjs";

const site = path.resolve(import.meta.dirname, "../dist/docs");
let server, browser;
let complaints = [];

before(async () => {
  server = await startFakeServer({ root: path.resolve(import.meta.dirname, "../dist") });
  browser = await chromium.launch({
    executablePath: process.env.RINGDOWN_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
      "--autoplay-policy=no-user-gesture-required", "--disable-features=WebRtcHideLocalIpsWithMdns",
    ],
  });
  await (await browser.newPage()).goto(`${server.address}/switch.html`);
});

after(async () => {
  await browser?.close();
  await server?.close();
});

afterEach(() => {
  server.reset();
  assert.deepEqual(complaints.splice(0), [], "no page complains");
});

const open = async (where, options = {}) => {
  const context = await browser.newContext({ permissions: ["microphone"], viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" || /content security policy/i.test(message.text())) complaints.push(`${where}: ${message.text()} ${message.location().url}`);
  });
  await page.goto(`${server.address}/docs/${where}`);
  return page;
};

test("every link of every page leads somewhere", () => {
  const pages = readdirSync(site).filter((name) => name.endsWith(".html"));
  const text = new Map(pages.map((name) => [name, readFileSync(path.join(site, name), "utf8")]));
  const broken = [];
  for (const [name, html] of text) {
    for (const [, href] of html.matchAll(/<a [^>]*href="([^"]*)"/g)) {
      if (/^[a-z]+:/i.test(href)) continue;
      const [file, anchor] = href.split("#");
      const target = text.get(file === "" ? name : file);
      if (file !== "" && !existsSync(path.join(site, file))) broken.push(`${name}: ${href}`);
      else if (anchor && target && !target.includes(`id="${anchor}"`)) broken.push(`${name}: ${href}`);
    }
  }
  assert.deepEqual(broken, []);
  assert.ok(pages.length > 20, "guides, reference and the server's pages are there");
});

test("the search finds a command of a call, with the keyboard alone", async () => {
  const page = await open("index.html");
  await page.keyboard.press("/");
  await page.keyboard.type("hold");
  await page.locator("#results .chosen").getByText("Call.hold", { exact: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/api-client\.html#Call\.hold$/);
  await page.getByText("Puts the other side on hold.").first().waitFor();
  await page.context().close();
});

for (const colorScheme of ["light", "dark"]) {
  test(`reads well for everyone, ${colorScheme}`, async () => {
    for (const where of ["index.html", "api-client.html", "examples.html"]) {
      const page = await open(where, { colorScheme });
      await accessible(page, `${where}, ${colorScheme}`, "body");
      await page.context().close();
    }
  });
}

const signIn = async (page, submit = page.getByRole("button", { name: "Sign in" })) => {
  await page.locator("[name=username]").fill("alice");
  await page.locator("[name=password]").fill("right");
  await submit.click();
};

for (const name of ["plain", "react", "vue"]) {
  test(`the ${name} example calls, holds, is called and hangs up`, async () => {
    const page = await open(`examples/${name}/index.html`);
    await signIn(page);
    await page.getByText("Signed in as Alice Archer").waitFor();
    await page.locator("[name=number]").fill("102");
    await page.getByRole("button", { name: "Call" }).click();
    await page.getByText("Bob Baker: ringing").waitFor();
    server.answer();
    await page.getByText("Bob Baker: active").waitFor();
    await page.getByRole("button", { name: "Hold" }).click();
    await page.getByText("Bob Baker: held").waitFor();
    await page.getByRole("button", { name: "Take back" }).click();
    await page.getByText("Bob Baker: active").waitFor();
    await page.getByRole("button", { name: "Hang up" }).click();
    await page.getByText("Bob Baker:").waitFor({ state: "detached" });
    server.ring("107");
    await page.getByRole("button", { name: "Answer" }).click();
    await page.getByText("Grace Kimura: active").waitFor();
    await page.context().close();
  });
}

test("the widget example calls from its page, and pops up who calls", async () => {
  const page = await open("examples/widget/index.html");
  await signIn(page, page.getByTestId("sign-in-submit"));
  await page.getByTestId("people").waitFor();
  await page.getByRole("button", { name: "Call 102" }).click();
  await page.locator("[data-testid=call][data-state=ringing]").waitFor();
  server.end("busy");
  await page.getByText("with 102: busy").waitFor();
  server.ring("107", { contact: "4711" });
  await page.getByText("Grace Kimura calls about contact 4711").waitFor();
  await page.context().close();
});

test("the test example passes", async () => {
  await promisify(execFile)(process.execPath, ["--test", "examples/testing/phone.test.mjs"], { cwd: path.resolve(import.meta.dirname, "..") });
});

test("the Node example tells of calls", async () => {
  globalThis.WebSocket ??= WebSocket;
  const { watch } = await import("../examples/node/watch.mjs");
  const told = [];
  let heard = () => undefined;
  const { client, stop } = await watch(server.address, "alice", "right", (line) => { told.push(line); heard(); });
  const until = (line) => new Promise((resolve) => { heard = () => told.includes(line) && resolve(); heard(); });
  server.ring("102");
  await until("inbound 102 ringing");
  await client.calls[0].decline();
  await until("ended 102 declined");
  stop();
  assert.equal(client.state, "closed");
});
