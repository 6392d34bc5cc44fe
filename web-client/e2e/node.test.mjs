// The library in plain Node at the real app server: signing in, people, messages, control of calls. No browser and no sound.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { WebSocket } from "ws";

import { answerTo, offer, Wire } from "./support/protocol.mjs";
import { startStand } from "./support/stand.mjs";

// Node 22 and newer have one of their own.
globalThis.WebSocket ??= WebSocket;

const dist = (name) => import(`../dist/ringdown-${name}.js`);
const { RingdownClient } = await dist("client");
const { SignIn } = await dist("sign-in");
const { Chat } = await dist("chat");

let stand;
before(async () => { stand = await startStand(); });
after(async () => assert.ok(await stand?.stop()));

const signIn = async (name) => {
  const signedIn = new SignIn({ server: stand.url });
  await signedIn.signIn(name, stand.accounts[name].password);
  return signedIn;
};

const connect = async (name) => {
  const client = new RingdownClient({ server: stand.url, token: (await signIn(name)).token });
  await client.connect();
  return client;
};

/** Settles on the next event that fits; what already is so needs no waiting. */
const told = (source, event, fits = () => true) => new Promise((resolve) => {
  const off = source.on(event, (...args) => {
    if (!fits(...args)) return;
    off();
    resolve(args[0]);
  });
});

/** A page of somebody's that can be called: descriptions without a browser. */
const page = async (name) => {
  const token = await (await signIn(name)).token();
  const wire = await new Promise((resolve, reject) => {
    const socket = new WebSocket(`${stand.url.replace("http", "ws")}/ws`);
    const made = new Wire().attach({ send: (text) => socket.send(text), close: () => socket.terminate() });
    socket.on("message", (data) => made.handleText(String(data)));
    socket.on("close", (code) => made.handleClose(code));
    socket.on("open", () => resolve(made));
    socket.on("error", reject);
  });
  return wire.hello(token);
};

test("tells of people and carries messages", async () => {
  const [alice, bob] = [await connect("alice"), await connect("bob")];
  assert.deepEqual([alice.state, alice.me.username, alice.me.extension], ["ready", "alice", "101"]);
  const colleague = alice.directory.byNumber("102");
  assert.equal(colleague.userId, bob.me.userId);
  assert.deepEqual((await alice.directory.search("102")).map(({ extension }) => extension), ["102"]);
  const seen = told(alice, "presence", (entries) => entries.some(({ userId, note }) => userId === bob.me.userId && note === "at the till"));
  await bob.setPresence({ activity: "busy", note: "at the till" });
  await seen;
  const [his, hers] = [new Chat(bob, { server: stand.url }), new Chat(alice, { server: stand.url })];
  const message = told(his, "message", ({ text }) => text === "from a script");
  const { id } = await hers.open({ to: "102" });
  await hers.send(id, "from a script");
  assert.equal((await message).from.number, "101");
  for (const chat of [his, hers]) chat.close();
  for (const client of [alice, bob]) client.destroy();
  assert.deepEqual([alice.state, bob.state], ["closed", "closed"]);
});

test("rings, declines, and follows the calls of another device", async () => {
  const [bob, caller] = [await connect("bob"), await page("alice")];
  const incoming = told(bob, "incoming");
  const { call: out } = await caller.request("call.start", { to: "102", description: offer(), variables: { ticket: "7" } });
  const call = await incoming;
  assert.deepEqual([call.peer.number, call.state, call.variables, call.callId], ["101", "ringing", { ticket: "7" }, out.callId]);
  await call.decline("busy");
  assert.equal((await caller.push("call.ended")).reason, "busy");

  // What a wallboard or a CRM's server does: it sees the calls of a person's pages.
  const desk = await page("bob");
  const shown = told(bob, "call", ({ mine }) => mine);
  await caller.request("call.start", { to: "102", description: offer(), variables: {} });
  const ringing = await shown;
  const { call: into, description } = await desk.push("call.incoming");
  await desk.request("call.describe", { call: into.id, description: answerTo(description) });
  const ended = told(ringing, "ended");
  await desk.request("call.answer", { call: into.id });
  assert.equal((await ended).reason, "answered-elsewhere");
  await caller.push("call.state", ({ call: { state } }) => state === "active");
  await caller.request("bye");
  await desk.request("bye");
  bob.destroy();
});

test("cannot make sound, and says so", async () => {
  const alice = await connect("alice");
  await assert.rejects(alice.call("102"), (error) => {
    assert.ok(["insecure-page", "webrtc-unsupported", "mic-missing", "mic-blocked"].includes(error.name), error.name);
    assert.ok(error.solutions.length > 0);
    return true;
  });
  assert.equal(alice.calls.length, 0);
  alice.destroy();
});

test("destroy() leaves nothing that keeps the program running", async () => {
  const program = `
    import { WebSocket } from 'ws';
    globalThis.WebSocket ??= WebSocket;
    const { RingdownClient } = await import('./dist/ringdown-client.js');
    const { SignIn } = await import('./dist/ringdown-sign-in.js');
    const signIn = new SignIn({ server: ${JSON.stringify(stand.url)} });
    await signIn.signIn('alice', ${JSON.stringify(stand.accounts.alice.password)});
    const client = new RingdownClient({ server: ${JSON.stringify(stand.url)}, token: signIn.token });
    await client.connect();
    console.log(client.me.extension);
    client.destroy();
  `;
  // Fails where the program does not end by itself.
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], { cwd: path.resolve(import.meta.dirname, ".."), timeout: 20_000 });
  assert.equal(stdout.trim(), "101");
});
