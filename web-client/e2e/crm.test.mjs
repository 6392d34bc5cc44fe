/* global localStorage, sessionStorage, MessageChannel, location, URLSearchParams */
// A CRM on another origin: its server signs its user in, its pages call and are told, and the phone in a window of its own
// keeps a call while the page is left for another.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { after, before, test } from "node:test";

import { expectWithin, pause } from "./support/expect.mjs";
import { heard, openBrowser } from "./support/person.mjs";
import { startProvider } from "./support/provider.mjs";
import { hearsOnly, soundFolder, startStand } from "./support/stand.mjs";
import { Widget, openWidget } from "./support/widget.mjs";

const SECRET = "what the CRM's server and the app server share";
let crm, provider, stand, alice, bob, page, widget, bobsWidget;
/** Who is signed in to the CRM. */
let user = "alice";

const base64url = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** What the CRM's server signs for its user. */
const sign = (user) => {
  const now = Math.floor(Date.now() / 1000);
  const signed = `${base64url({ alg: "HS256", typ: "JWT" })}.${base64url({ iss: "crm", aud: "ringdown", sub: user, exp: now + 60, jti: randomUUID() })}`;
  return `${signed}.${createHmac("sha256", SECRET).update(signed).digest("base64url")}`;
};

const html = (title) => `<!doctype html><title>${title}</title><h1>${title}</h1>
  <button data-ringdown-call="102" data-ringdown-variables='{"contact":"4711"}'>Call Bob</button> <a href="tel:102">102</a>
  <button id="out">Pop out</button> <a id="next" href="/second">Next</a>
  <script type="module" src="/page.js"></script>`;

const script = () => `
  import { EmbeddedPhone } from "${stand.url}/ringdown-embed.js";
  globalThis.told = [];
  const phone = globalThis.phone = new EmbeddedPhone({
    token: async () => (await fetch("/token", { method: "POST" })).text(),
    resolveContact: (number) => number === "102" ? { id: "4711", name: "Robert Baker", about: "Linden Dairy" } : null,
  });
  for (const event of ["ready", "incoming", "answered", "ended", "record", "screenPop", "place"]) phone.on(event, (detail) => told.push([event, detail]));
  document.querySelector("#out").onclick = () => phone.popOut();`;

/** One tag is all it takes. */
const tagged = () => `<!doctype html><html lang="de"><title>Tag</title><a href="tel:102">102</a>
  <script type="module" src="${stand.url}/ringdown-embed.js" data-ringdown-phone data-token-url="/token"></script>`;

/** The widget in the page itself. */
const element = () => `<!doctype html><title>Element</title><link rel="stylesheet" href="/element.css">
  <script type="module" src="${stand.url}/ringdown-phone.js"></script><script type="module" src="/element.js"></script>
  <ringdown-phone server="${stand.url}"></ringdown-phone>`;

const elementScript = () => `
  import { SignIn } from "${stand.url}/ringdown-sign-in.js";
  const signIn = new SignIn({ server: "${stand.url}" });
  let first = null;
  document.querySelector("ringdown-phone").token = async () => {
    await (first ??= fetch("/token", { method: "POST" }).then((answer) => answer.text()).then((token) => signIn.signInWithToken(token)));
    return signIn.token();
  };`;

before(async () => {
  provider = await startProvider();
  crm = createServer((request, response) => {
    const answer = (type, body, policy = `default-src 'none'; script-src 'self' ${stand.url}; connect-src 'self'; frame-src ${stand.url}; style-src 'none'`) => response.writeHead(200, {
      "content-type": type,
      // What docs/developer/sign-in.md asks of a strict page.
      "content-security-policy": policy,
    }).end(body);
    if (request.url === "/token") answer("text/plain", sign(user));
    else if (request.url === "/tag") answer("text/html", tagged());
    else if (request.url === "/element") answer("text/html", element(), `default-src 'none'; script-src 'self' ${stand.url}; connect-src 'self' ${stand.url} ${stand.url.replace("http", "ws")}; style-src 'self'`);
    else if (request.url === "/element.js") answer("text/javascript", elementScript());
    else if (request.url === "/element.css") answer("text/css", "ringdown-phone { display: block; width: 360px; height: 640px; }");
    else if (request.url === "/page.js") answer("text/javascript", script());
    else answer("text/html", html(request.url));
  });
  await new Promise((resolve) => crm.listen(0, "127.0.0.1", resolve));
  crm.url = `http://127.0.0.1:${crm.address().port}`;
  const config = path.join(soundFolder, "crm.toml");
  writeFileSync(config, `allowed_origins = ["${crm.url}"]\n[[trusted_issuers]]\nissuer = "crm"\nalgorithm = "HS256"\nsecret = "${SECRET}"\n
[[oidc_providers]]\nid = "company"\ntitle = "Company"\nissuer = "${provider.url}"\nclient_id = "ringdown"\nalgorithm = "ES256"\n`);
  process.env.RINGDOWN_CONFIG = config;
  stand = await startStand({ isPublic: true });
  delete process.env.RINGDOWN_CONFIG;
  [alice, bob] = await Promise.all([openBrowser(500), openBrowser(900)]);
  page = await alice.context.newPage();
  page.complaints = [];
  page.on("console", (message) => { if (/content security policy/i.test(message.text())) page.complaints.push(message.text()); });
  await page.goto(`${crm.url}/first`);
  bobsWidget = await openWidget(bob.context, stand.url, stand.accounts.bob, "/phone.html");
});

after(async () => {
  await Promise.all([alice?.browser.close(), bob?.browser.close()]);
  crm?.close();
  provider?.stop();
  await stand?.stop();
});

const told = (event, on = page) => on.evaluate((name) => globalThis.told.filter(([one]) => one === name).map(([, detail]) => detail), event);
const hears = (event, fits = () => true, on = page) => expectWithin(async () => (await told(event, on)).some(fits), `the page is told ${event}`, () => told(event, on), 15_000);

test("the CRM's server signs its user in, and no token of the phone's is the page's", async () => {
  await hears("ready");
  const frame = page.frames().find((one) => one.url().endsWith("/embed.html"));
  assert.ok(frame, "the phone is a frame of the server's own");
  assert.equal(await page.evaluate(() => Object.keys({ ...localStorage, ...sessionStorage }).filter((key) => key.includes("refresh")).length), 0);
  widget = new Widget(frame);
  widget.control = (id) => frame.getByTestId(id);
  await widget.control("header").waitFor();
});

test("a click on a number calls, with who it is and what goes along", async () => {
  await page.getByRole("button", { name: "Call Bob" }).click();
  await bobsWidget.control("answer").waitFor({ timeout: 15_000 });
  const variables = await bobsWidget.page.evaluate(() => document.querySelector("ringdown-phone").client.calls[0].variables);
  assert.deepEqual(variables, { contact: "4711" });
  await expectWithin(async () => (await widget.control("call-name").textContent())?.includes("Robert Baker"), "the page's name of them", () => widget.control("call-name").textContent());
  await bobsWidget.answer();
  await hears("record", ({ state, contact }) => state === "active" && contact?.id === "4711");
  await bobsWidget.hangup();
  await hears("ended", ({ reason }) => reason === "hangup");
  const records = await told("record");
  assert.equal(new Set(records.map(({ id }) => id)).size, 1, "one call, one record");
  assert.equal(records.at(-1).state, "ended");
  assert.equal(records.at(-1).missed, false);
  await bobsWidget.tidy();
});

test("a call that comes in pops the caller's record once", async () => {
  await bobsWidget.dial("101");
  await hears("screenPop", ({ contact, number }) => number === "102" && contact?.name === "Robert Baker");
  const [{ id }] = await told("incoming");
  await page.evaluate((call) => globalThis.phone.decline(call), id);
  await hears("record", ({ state, reason, missed }) => state === "ended" && reason === "declined" && !missed);
  assert.equal((await told("screenPop")).length, 1);
  await bobsWidget.tidy();
});

test("a page of another site that only looks like the phone or the CRM is not heard", async () => {
  const before = (await told("ready")).length;
  await page.evaluate(() => window.postMessage("ringdown:here", "*"));
  const opened = await alice.context.newPage();
  await opened.goto(`${stand.url}/embed.html`);
  // Nobody opened it and nobody frames it: it takes no orders, not even from itself.
  const answered = await opened.evaluate(() => new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => resolve(true);
    window.postMessage("ringdown:connect", location.origin, [port2]);
    port1.postMessage({ order: { do: "call", number: "102", variables: {} }, id: 1 });
    setTimeout(() => resolve(false), 500);
  }));
  assert.equal(answered, false);
  await opened.close();
  assert.equal((await told("ready")).length, before);
  for (const origin of ["https://evil.example", "null", `${crm.url}.evil.example`]) {
    assert.equal((await fetch(`${stand.url}/api/v1/embedding?${new URLSearchParams({ origin })}`)).status, 403, origin);
  }
});

test("in its own window the phone keeps a call while the page is left for another, which finds it", async () => {
  const [opened] = await Promise.all([page.waitForEvent("popup"), page.locator("#out").click()]);
  await opened.locator("ringdown-phone").evaluate((phone) => phone.setAttribute("raw-audio", ""));
  const popped = new Widget(opened);
  await popped.control("header").waitFor({ timeout: 20_000 });
  await hears("place", (place) => place === "window");
  await expectWithin(() => page.evaluate(() => globalThis.phone.call("102", { contact: "4712" }).then(() => true, () => false)), "the window takes orders", () => "none", 15_000);
  await bobsWidget.control("answer").waitFor({ timeout: 15_000 });
  await bobsWidget.answer();
  await popped.active();
  await page.locator("#next").click();
  await page.waitForURL("**/second");
  await pause(3500);
  await hears("place", (place) => place === "window");
  const sounds = [["bob", bobsWidget.page, 500], ["alice", opened, 900]];
  for (const [who, on, hz] of sounds) {
    const { file } = await heard(on, `crm-${who}`);
    const { ok, measured } = hearsOnly(file, hz, "2:4");
    assert.ok(ok, `${who} hears the other: ${measured}`);
  }
  const [{ id }] = await opened.evaluate(() => document.querySelector("ringdown-phone").client.calls.map(({ callId }) => ({ id: callId })));
  await page.evaluate((call) => globalThis.phone.hangup(call), id);
  await hears("record", (record) => record.id === id && record.state === "ended");
  await opened.close();
  await hears("place", (place) => place === "page");
  assert.deepEqual(page.complaints, [], "a strict page has nothing to complain of");
});

test("the tokens that the documentation shows in three languages sign in", async (context) => {
  const guide = readFileSync(path.resolve(import.meta.dirname, "../../docs/developer/crm.md"), "utf8");
  const code = (language) => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(guide)[1];
  const env = { ...process.env, RINGDOWN_TOKEN_SECRET: SECRET };
  const shown = async (token) => (await fetch(`${stand.url}/api/v1/login/token`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ token }) })).json();
  for (const [language, command, file, run] of [
    ["js", process.execPath, "token.mjs", (block) => `${block}\nconsole.log(phoneToken("bob"));`],
    ["python", "python3", "token.py", (block) => `${block}\nprint(phone_token("bob"))`],
    ["php", "php", "token.php", (block) => `${block}\necho phone_token("bob");`],
  ]) {
    writeFileSync(path.join(soundFolder, file), run(code(language)));
    const made = spawnSync(command, [path.join(soundFolder, file)], { env, encoding: "utf8" });
    if (made.error?.code === "ENOENT") {
      context.diagnostic(`${command} is not installed`);
      continue;
    }
    const { me } = await shown(made.stdout.trim());
    assert.equal(me?.username, "bob", `${language}: ${made.stderr}`);
  }
});

/** A browser's page under its policies: what they forbid is noted. */
async function strictPage(address) {
  const context = await alice.browser.newContext({ permissions: ["microphone"] });
  await context.addInitScript(() => {
    globalThis.violations = [];
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => globalThis.violations.push(`${violatedDirective} ${blockedURI}`));
  });
  const opened = await context.newPage();
  await opened.goto(address);
  return opened;
}

const violations = async (on) => (await Promise.all(on.frames().map((frame) => frame.evaluate(() => globalThis.violations)))).flat();

test("one script tag is a phone under a strict policy, and that of whoever is signed in to the CRM", async () => {
  const tab = await strictPage(`${crm.url}/tag`);
  const framed = () => tab.frames().find((one) => one.url().endsWith("/embed.html"));
  const number = async () => framed()?.evaluate(() => document.querySelector("ringdown-phone")?.client?.me?.extension).catch(() => null);
  await expectWithin(async () => (await number()) === "101", "alice's phone", number, 15_000);
  await tab.getByText("102").click();
  await bobsWidget.control("answer").waitFor({ timeout: 15_000 });
  await bobsWidget.answer();
  await bobsWidget.active();
  // The next page of the same person has the call.
  const call = () => framed()?.evaluate(() => document.querySelector("ringdown-phone")?.client?.calls.map(({ mine, state, peerLost }) => `${mine} ${state} ${peerLost}`)[0]).catch(() => null);
  await expectWithin(async () => (await call())?.startsWith("true active"), "the call is alice's", call);
  await tab.reload();
  await expectWithin(async () => (await call())?.startsWith("true active"), "it goes on in the next page", call, 15_000);
  await bobsWidget.call("active");
  await bobsWidget.hangup();
  assert.equal(await (await framed().frameElement()).getAttribute("title"), "Telefon", "in the page's language");
  assert.deepEqual(await violations(tab), []);
  // Somebody else signs in at the same tab.
  user = "carol";
  await tab.reload();
  await expectWithin(async () => (await number()) === "103", "carol's phone, never alice's", number, 15_000);
  user = "alice";
  await tab.context().close();
  await bobsWidget.tidy();
});

test("the widget in a strict page of another site connects", async () => {
  const tab = await strictPage(`${crm.url}/element`);
  await tab.getByTestId("header").waitFor({ timeout: 15_000 });
  assert.deepEqual(await violations(tab), []);
  await tab.context().close();
});

/** The phone's own page, before anybody is signed in. */
async function signInPage(before) {
  const context = await alice.browser.newContext({ permissions: ["microphone"] });
  if (before) await context.addInitScript(before);
  const opened = await context.newPage();
  await opened.goto(`${stand.url}/phone.html`);
  await opened.getByTestId("sign-in-with").waitFor();
  return opened;
}

const inWindow = async (opened, then) => {
  const [window] = await Promise.all([opened.waitForEvent("popup"), opened.getByTestId("sign-in-with").click()]);
  await window.locator("#yes").waitFor();
  await then(window);
};
const refusal = async (opened, words) => {
  const seen = () => opened.getByTestId("sign-in-error").textContent({ timeout: 10_000 });
  await expectWithin(async () => (await seen()).includes(words), words, seen);
};

test("people sign in with their provider in a window; refused, closed and strangers are told so", async () => {
  const opened = await signInPage();
  await inWindow(opened, (window) => window.locator("#no").click());
  await refusal(opened, "The provider did not sign you in.");
  await inWindow(opened, (window) => window.close());
  await refusal(opened, "The sign-in window was closed.");
  provider.person = "stranger";
  await inWindow(opened, (window) => window.locator("#yes").click());
  await refusal(opened, "There is no account here for this person.");
  provider.person = "carol";
  await inWindow(opened, (window) => window.locator("#yes").click());
  await opened.getByTestId("header").waitFor();
  assert.equal(await opened.evaluate(() => document.querySelector("ringdown-phone").client.me.extension), "103");
  await opened.context().close();
});

test("where the browser blocks the window the page goes to the provider and comes back", async () => {
  const opened = await signInPage(() => { window.open = () => null; });
  await opened.getByTestId("sign-in-with").click();
  await opened.locator("#no").click();
  await refusal(opened, "The provider did not sign you in.");
  await opened.getByTestId("sign-in-with").click();
  await opened.locator("#yes").click();
  await opened.waitForURL(`${stand.url}/phone.html`);
  await opened.getByTestId("header").waitFor();
  assert.equal(await opened.evaluate(() => sessionStorage.getItem("ringdown.sign-in")), null, "no secret is left");
  await opened.context().close();
});
