// A desk phone (baresip) beside the browsers.

import { spawn } from "node:child_process";
import path from "node:path";
import readline from "node:readline";

import { toneFile } from "./stand.mjs";

const script = path.resolve(import.meta.dirname, "../../../softswitch/tests/interop/phone.py");

/** Starts a telephone and waits until it is registered. */
export async function startTelephone(stand, name, hz, options = {}) {
  const account = stand.accounts[name];
  const wanted = {
    user: account.sip_username,
    password: account.sip_password,
    server: stand.sip,
    tone: toneFile(hz),
    ...options,
  };
  const telephone = new Telephone(
    spawn("python3", [script, ...Object.entries(wanted).flatMap(([key, value]) => [`--${key}`, `${value}`])], {
      stdio: ["pipe", "pipe", "inherit"],
    }),
  );
  await telephone.wait("REGISTERED");
  return telephone;
}

class Telephone {
  #events = [];
  #waiting = [];

  constructor(process_) {
    this.process = process_;
    readline.createInterface({ input: process_.stdout }).on("line", (line) => {
      this.#events.push(JSON.parse(line));
      for (const look of this.#waiting.splice(0)) look();
    });
  }

  #order(order) {
    this.process.stdin.write(`${JSON.stringify(order)}\n`);
  }

  dial(number) {
    this.#order({ do: "dial", with: number });
  }

  answer() {
    this.#order({ do: "command", with: "accept" });
  }

  hangup() {
    this.#order({ do: "command", with: "hangup" });
  }

  press(keys) {
    this.#order({ do: "press", with: keys });
  }

  /** The file of what was heard in the last call, once it is closed. */
  async heard() {
    this.#order({ do: "heard" });
    return (await this.wait("HEARD")).param;
  }

  /** The next event of a type; those before it are forgotten. */
  async wait(type, milliseconds = 12_000) {
    const end = Date.now() + milliseconds;
    for (;;) {
      while (this.#events.length > 0) {
        const event = this.#events.shift();
        if (event.type === type) return event;
      }
      const left = end - Date.now();
      if (left <= 0) throw new Error(`telephone: no ${type} within ${milliseconds} ms`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  stop() {
    return new Promise((resolve) => {
      this.process.once("exit", resolve);
      this.process.stdin.end();
    });
  }
}
