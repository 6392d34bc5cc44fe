// The widget as a person uses it.

import { expectWithin, pause } from "./expect.mjs";

/** The controls of one widget. Playwright's locators reach through shadow roots. */
export class Widget {
  constructor(page) {
    this.page = page;
  }

  control(id) {
    return this.page.getByTestId(id);
  }

  async signIn(username, password) {
    await this.control("username").fill(username);
    await this.control("password").fill(password);
    await this.control("sign-in-submit").click();
    await this.control("header").waitFor();
  }

  /** Calls a number from the keypad. */
  async dial(number) {
    await this.control("tab-keypad").click();
    await this.control("number").fill(number);
    await this.control("dial").click();
  }

  /** Presses a tool of the call, which may be in the menu of those that have no room. */
  async tool(id) {
    if (!(await this.control(id).first().isVisible())) await this.control("more").click();
    await this.control(id).first().click();
  }

  async answer() {
    await this.control("answer").click();
  }

  /** Waits until the newest connection brings sound. */
  async hears() {
    await this.page.waitForFunction(() => globalThis.__recordings.at(-1)?.blocks.slice(-8).some((block) => block.some((value) => Math.abs(value) > 0.05)));
  }

  async hangup() {
    await this.control("hangup").click();
  }

  /** Waits until the call is answered: the timer runs. */
  async active() {
    await this.control("timer").waitFor({ timeout: 10_000 });
  }

  /** Waits until the call on the screen is in a state. */
  async call(state) {
    const seen = () => this.control("call").getAttribute("data-state");
    await expectWithin(async () => (await seen()) === state, `the call is ${state}`, seen);
  }

  /** Waits until the page says that the connection is lost. */
  async reconnecting() {
    await this.control("notice-connection").waitFor({ timeout: 8000 });
  }

  /** Waits until it says so no more. */
  async connected() {
    await this.control("notice-connection").waitFor({ state: "detached", timeout: 20_000 });
  }

  /** Waits for the end of the call and its reason. */
  async ended(reason) {
    const end = this.control("ended");
    await end.waitFor({ timeout: 12_000 });
    const seen = () => end.getAttribute("data-reason");
    await expectWithin(async () => (await seen()) === reason, `the call ends with ${reason}`, seen);
  }

  /** Ends whatever goes on and closes what it left on the screen. */
  async tidy() {
    for (const control of ["decline", "hangup", "dismiss"]) {
      const button = this.control(control).first();
      // The call may end between the look and the click.
      if (await button.isVisible()) await button.click({ timeout: 1000 }).catch(() => undefined);
    }
    // The end of a call that was hung up just now shows a moment later.
    await this.page.waitForTimeout(150);
    if (await this.control("dismiss").first().isVisible()) await this.dismiss();
  }

  async dismiss() {
    await this.control("dismiss").first().click();
  }

  /** A colleague's presence as the directory shows it. */
  async presence(number) {
    return this.page.locator(`[data-testid=person][data-number="${number}"]`).getAttribute("data-presence");
  }

  /** Presses keys of the keypad in a call. */
  async press(keys) {
    await this.control("keypad").click();
    for (const key of keys) await this.page.locator(`[data-testid=dtmf][data-key="${key}"]`).click();
    await this.control("keypad").click();
  }
}

/** Opens the page and signs in. */
export async function openWidget(context, url, account, path = "/") {
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(`page error (${account.username}): ${error.message}`));
  await page.goto(url + path);
  // Noise suppression takes a pure tone for noise.
  await page.locator("ringdown-phone").evaluate((phone) => phone.setAttribute("raw-audio", ""));
  const widget = new Widget(page);
  await widget.signIn(account.username, account.password);
  return widget;
}

/** A call with audio both ways, three seconds old; returns when the answer button was pressed. */
export async function talk(caller, callee, number) {
  await caller.dial(number);
  await callee.control("answer").waitFor();
  await caller.call("ringing");
  await pause(700);
  const answeredAt = Date.now();
  await callee.answer();
  await Promise.all([caller.active(), callee.active()]);
  await pause(3000);
  return answeredAt;
}

/** A call whose sound has come both ways; for what begins within a call. */
export async function meet(caller, callee, number) {
  await caller.dial(number);
  await callee.answer();
  await Promise.all([caller.active(), callee.active()]);
  await Promise.all([caller, callee].map((widget) => widget.hears()));
}

/** One calls, the other answers; returns when both are told that they talk. */
export async function talking(caller, callee, number) {
  await caller.dial(number);
  await callee.control("answer").waitFor();
  await callee.answer();
  await Promise.all([caller.active(), callee.active()]);
}

/** Chooses somebody in the dialog that a tool of the call opens. */
export async function choose(widget, tool, name) {
  await widget.tool(tool);
  await widget.control("picker-search").fill(name);
  await widget.control("pick").first().waitFor();
  await widget.page.keyboard.press("Enter");
}
