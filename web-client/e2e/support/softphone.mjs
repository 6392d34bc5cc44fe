// A telephone in a page, built on a public SIP library: SIP over WebSocket, WebRTC for media.

import http from "node:http";
import path from "node:path";
import { build } from "vite";

import { expectWithin } from "./expect.mjs";

const REALM = "ringdown.local";

let script;

/** A page's script of this folder, with the libraries. */
export async function bundle(entry) {
  const [result] = await build({
    configFile: false,
    logLevel: "error",
    define: { "process.env.NODE_ENV": '"production"' },
    build: {
      write: false,
      minify: false,
      lib: { entry: path.join(import.meta.dirname, entry), formats: ["iife"], name: "softphones" },
    },
  });
  return result.output[0].code;
}

/** Somebody's web server, on this host: its pages load the telephone. */
export async function servePages() {
  script ??= await bundle("softphone.js");
  const server = http.createServer((request, response) => {
    const isScript = request.url === "/softphone.js";
    response.setHeader("Content-Type", `${isScript ? "text/javascript" : "text/html"}; charset=utf-8`);
    response.end(isScript ? script : "<!doctype html><title>Softphone</title><script src=/softphone.js></script>");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** Opens a telephone in a page and waits until it is registered. */
export async function openSoftphone(context, pages, { kind, server, account }) {
  const page = await context.newPage();
  const frames = [];
  page.on("websocket", (socket) => {
    socket.on("framesent", ({ payload }) => frames.push(payload.toString()));
  });
  page.on("pageerror", (error) => console.error(`page error (${kind}): ${error.message}`));
  await page.goto(pages.url);
  const options = { server, user: account.sip_username, password: account.sip_password, realm: REALM };
  await page.evaluate(([which, given]) => globalThis.startSoftphone(which, given), [kind, options]);
  const phone = new Softphone(page, frames);
  await phone.until((state) => state.registered > 0, "registered");
  return phone;
}

class Softphone {
  /** `frames` are the messages it sent. */
  constructor(page, frames) {
    this.page = page;
    this.frames = frames;
  }

  state() {
    return this.page.evaluate(() => globalThis.softphone.state);
  }

  /** Waits until what the library says of itself fits. */
  until(holds, what, milliseconds) {
    return expectWithin(
      async () => holds(await this.state()),
      `the softphone is ${what}`,
      async () => JSON.stringify(await this.state()),
      milliseconds,
    );
  }

  is(call) {
    return this.until((state) => state.call === call, call);
  }

  do(verb, argument) {
    return this.page.evaluate(([which, given]) => globalThis.softphone[which](given), [verb, argument]);
  }

  /** Ends whatever goes on. */
  async tidy() {
    if (!["none", "ended"].includes((await this.state()).call)) await this.do("hangup").catch(() => undefined);
  }
}
