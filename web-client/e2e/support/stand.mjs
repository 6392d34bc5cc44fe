// A test stand (app server and softswitch) for browser tests, and the audio checks.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import readline from "node:readline";

const root = path.resolve(import.meta.dirname, "../../..");

/** The folder of the built programs. */
export function binaries() {
  if (process.env.RINGDOWN_BIN) return process.env.RINGDOWN_BIN;
  const target = process.env.CARGO_TARGET_DIR ?? path.join(root, "target");
  const profile = ["release", "debug"].find((name) => existsSync(path.join(target, name, "softswitch")));
  if (!profile) throw new Error("build the programs first, or name their folder in RINGDOWN_BIN");
  return path.join(target, profile);
}

/**
 * Starts a stand; `stop` takes it down. With `tls` its pages are served by TLS too; `digest` is what telephones may use;
 * `isPublic` names its address as `public_url`.
 */
export async function startStand({ tls = false, digest, isPublic = false } = {}) {
  const script = path.join(root, "softswitch/tests/interop/stand.py");
  const process_ = spawn("python3", [script, ...(tls ? ["--tls"] : []), ...(isPublic ? ["--public"] : []), ...(digest ? ["--digest", digest] : [])], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = readline.createInterface({ input: process_.stdout });
  const nextLine = () =>
    new Promise((resolve, reject) => {
      const ended = (code) => reject(new Error(`the stand ended with ${code}`));
      process_.once("exit", ended);
      lines.once("line", (line) => {
        process_.off("exit", ended);
        resolve(JSON.parse(line));
      });
    });
  const order = async (line) => {
    const done = nextLine();
    process_.stdin.write(`${line}\n`);
    await done;
  };
  return {
    ...(await nextLine()),
    /** Kills a program of the stand, without a chance to say goodbye. */
    kill: (program) => order(`kill ${program}`),
    /** Starts it again; returns when it is ready. */
    start: (program) => order(`start ${program}`),
    /** Takes the stand down; says whether both programs ended cleanly. */
    stop: () =>
      new Promise((resolve) => {
        process_.once("exit", (code) => resolve(code === 0));
        process_.stdin.end();
      }),
  };
}

/** A folder for one test run's sounds. */
export const soundFolder = mkdtempSync(path.join(tmpdir(), "ringdown-e2e-"));

/** A WAV file of one tone, for a microphone. */
export function toneFile(hz) {
  const file = path.join(soundFolder, `${hz}.wav`);
  if (!existsSync(file)) {
    const made = spawnSync(
      path.join(binaries(), "audio-check"),
      ["make", file, "--hz", `${hz}`, "--seconds", "20", "--rate", "48000", "--level", "-12"],
      { encoding: "utf8" },
    );
    if (made.status !== 0) throw new Error(`audio-check make: ${made.stderr}`);
  }
  return file;
}

/** Whether a WAV file holds one tone and no other; with what was measured. */
export function hearsOnly(file, hz, window) {
  const check = spawnSync(
    path.join(binaries(), "audio-check"),
    ["tone", file, "--hz", `${hz}`, "--only", "--window", window],
    { encoding: "utf8" },
  );
  if (check.status === 2) throw new Error(`audio-check: ${check.stderr}`);
  return { ok: check.status === 0, measured: check.stdout.trim() };
}
