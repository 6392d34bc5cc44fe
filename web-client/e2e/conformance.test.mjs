// What a client of the protocol may rely on, tried at the real server with its softswitch and at the fake one of the module
// `testing`: an application that is tested against the fake meets nothing else in the field.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { WebSocket } from "ws";

import { pause } from "./support/expect.mjs";
import { chatStories, peopleStories, recordingStories, roomChatStories, roomStories } from "./support/conformance.mjs";
import { answerTo, offer, Wire } from "./support/protocol.mjs";
import { startStand } from "./support/stand.mjs";

/** The real server. */
const real = async () => {
  const stand = await startStand();
  const server = {
    token: async (username) => {
      const { password } = stand.accounts[username];
      const reply = await fetch(`${stand.url}/api/v1/login`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ username, password }) });
      return (await reply.json()).accessToken;
    },
    connect: () => new Promise((resolve, reject) => {
      const socket = new WebSocket(`${stand.url.replace("http", "ws")}/ws`);
      const wire = new Wire().attach({ send: (text) => socket.send(text), close: () => socket.terminate() });
      socket.on("message", (data) => wire.handleText(String(data)));
      socket.on("close", (code) => wire.handleClose(code));
      socket.on("open", () => resolve(wire));
      socket.on("error", reject);
    }),
    http: (path, init) => fetch(`${stand.url}${path}`, init),
    stop: () => stand.stop(),
  };
  // A server that was just started says so until every softswitch has had time to come back.
  const first = await (await server.connect()).hello(await server.token("alice"));
  if (!first.welcome.state.callsComplete) await first.push("calls");
  await first.request("bye");
  first.drop();
  return server;
};

/** The fake one. Who has no page open has no telephone, as at the stand. */
const fake = async () => {
  const { FakeServer, FAKE_PEOPLE } = await import("../dist/ringdown-testing.js");
  const server = new FakeServer({ people: FAKE_PEOPLE.map((person) => ({ ...person, presence: "offline", mayRecord: person.username === "alice" })) });
  return {
    token: async (username) => username,
    connect: async () => {
      const wire = new Wire();
      const soon = (what) => setTimeout(what, 0);
      const connection = server.accept({ send: (text) => soon(() => wire.handleText(text)), close: (code) => soon(() => wire.handleClose(code)) });
      return wire.attach({ send: (text) => soon(() => connection.handleText(text)), close: () => connection.handleClose() });
    },
    http: (path, init) => server.fetch(path, init),
    stop: async () => { server.close(); return true; },
  };
};

const refused = (promise, name) => assert.rejects(promise, (error) => {
  assert.equal(error.name, name);
  assert.ok(error.code >= 4000 && Array.isArray(error.causes) && Array.isArray(error.solutions) && typeof error.fatal === "boolean");
  return true;
});

for (const [name, start] of [["the fake server", fake], ["the real server", real]]) {
  describe(name, { concurrency: false }, () => {
    let server;
    const open = [];
    before(async () => { server = await start(); });
    after(async () => assert.ok(await server?.stop()));

    const connect = async () => { const wire = await server.connect(); open.push(wire); return wire; };
    const signIn = async (username) => (await connect()).hello(await server.token(username));
    /** Ends every session of the test, so that the next one rings nobody else. */
    const tidy = async () => {
      await Promise.all(open.splice(0).map(async (wire) => {
        if (wire.closedWith === null && wire.welcome) await wire.request("bye").catch(() => undefined);
        wire.drop();
        assert.equal(wire.gap, undefined, "pushes are numbered without a gap");
      }));
    };
    const story = (title, run) => test(title, async () => {
      try { await run(); } finally { await tidy(); }
    });
    const call = async (from, to, variables = {}) => (await from.request("call.start", { to, description: offer(), variables })).call;
    const rings = async (wire) => {
      const pushed = await wire.push("call.incoming");
      await wire.request("call.describe", { call: pushed.call.id, description: answerTo(pushed.description) });
      return pushed.call;
    };
    /** Alice talks to bob. */
    const talk = async (alice, bob) => {
      const out = await call(alice, "102");
      const into = await rings(bob);
      await bob.request("call.answer", { call: into.id });
      await alice.push("call.state", ({ call: { id, state } }) => id === out.id && state === "active");
      await bob.push("call.state", ({ call: { id, state } }) => id === into.id && state === "active");
      return [out.id, into.id, out.callId];
    };

    story("serves nobody who has not said who they are", async () => {
      const wire = await connect();
      await refused(wire.request("directory.search", { query: "a" }), "not-authenticated");
      wire.send("no JSON");
      assert.equal((await wire.push("error")).name, "bad-request");
      await refused(wire.request("hello", { token: "wrong", client: { name: "c", version: "1" } }), "bad-credentials");
      assert.equal(await wire.closed(), 4004);
    });

    story("closes a connection whose frames are too long or too deep", async () => {
      for (const frame of ["x".repeat(70_000), `{"id":1,"method":"ping","params":${"[".repeat(40)}${"]".repeat(40)}}`]) {
        const wire = await connect();
        wire.send(frame);
        assert.equal(await wire.closed(), 4001);
      }
    });

    story("welcomes with everything there is to know", async () => {
      const { welcome } = await signIn("alice");
      assert.deepEqual([welcome.me.username, welcome.me.extension, welcome.seq], ["alice", "101", 0]);
      const { state } = welcome;
      assert.deepEqual([state.calls, state.rooms, state.parked, state.switchUp, state.callsComplete], [[], [], [], true, true]);
      assert.ok(state.directory.some(({ extension }) => extension === "102"));
      assert.ok(welcome.pingIntervalMs > 0 && welcome.resumeWindowMs === 120_000);
    });

    story("refuses what makes no sense, and goes on", async () => {
      const alice = await signIn("alice");
      await refused(alice.request("call.fly"), "unknown-method");
      await refused(alice.request("call.start", { to: " ", description: offer(), variables: {} }), "bad-request");
      await refused(alice.request("call.start", { to: "102", description: { type: "offer", sdp: "" }, variables: {} }), "bad-request");
      await refused(alice.request("call.start", { to: "102", description: offer(), variables: { much: "x".repeat(5000) } }), "bad-request");
      await refused(alice.request("call.hangup", { call: "0".repeat(32) }), "no-such-call");
      await refused(alice.request("history.list", { limit: 0 }), "bad-request");
      await refused(alice.request("directory.search", { query: "x".repeat(65) }), "bad-request");
      assert.deepEqual(await alice.request("ping"), {});
    });

    story("connects two people, and tells both the same call", async () => {
      const [alice, bob] = [await signIn("alice"), await signIn("bob")];
      const out = await call(alice, "102", { ticket: "7" });
      assert.deepEqual([out.mine, out.direction, out.peer.number, out.answeredAt], [true, "outbound", "102", null]);
      assert.equal((await alice.push("call.description", ({ call: id }) => id === out.id)).description.type, "answer");
      const { call: into, description, autoAnswer } = await bob.push("call.incoming");
      assert.ok(["dialing", "ringing"].includes(into.state) && into.answeredAt === null);
      assert.deepEqual([into.mine, into.direction, into.peer.number, into.variables, into.callId, autoAnswer, description.type],
        [true, "inbound", "101", { ticket: "7" }, out.callId, false, "offer"]);
      await bob.request("call.describe", { call: into.id, description: answerTo(description) });
      await bob.request("call.answer", { call: into.id });
      const { call: active } = await alice.push("call.state", ({ call: { state } }) => state === "active");
      assert.ok(active.answeredAt > 0);
      await refused(bob.request("call.decline", { call: into.id, reason: "declined" }), "wrong-state");
    });

    story("holds, mutes and passes keys on", async () => {
      const [alice, bob] = [await signIn("alice"), await signIn("bob")];
      const [out, into] = await talk(alice, bob);
      await alice.request("call.hold", { call: out });
      await alice.push("call.state", ({ call: { held } }) => held);
      await bob.push("call.state", ({ call: { heldByPeer } }) => heldByPeer);
      await alice.request("call.unhold", { call: out });
      await bob.push("call.state", ({ call: { heldByPeer } }) => !heldByPeer);
      await alice.request("call.mute", { call: out, muted: true });
      await alice.push("call.state", ({ call: { muted } }) => muted);
      await refused(alice.request("call.dtmf", { call: out, digits: "1x" }), "bad-request");
      await alice.request("call.dtmf", { call: out, digits: "12" });
      for (const digit of ["1", "2"]) assert.deepEqual(await bob.push("call.dtmf"), { call: into, digit });
    });

    story("ends a call for both, and keeps it in both histories", async () => {
      const [alice, bob] = [await signIn("alice"), await signIn("bob")];
      const [out, , callId] = await talk(alice, bob);
      await alice.request("call.hangup", { call: out });
      const [own, his] = [await alice.push("call.ended"), await bob.push("call.ended")];
      assert.deepEqual([own.reason, own.by, his.reason, his.by, his.call.callId], ["hangup", "local", "hangup", "remote", callId]);
      await refused(alice.request("call.hold", { call: out }), "no-such-call");
      for (const wire of [alice, bob]) await wire.told("history", ({ entry }) => entry?.callId === callId);
      // It is written in batches.
      let entry;
      for (let tries = 0; entry?.callId !== callId && tries < 100; tries += 1) {
        await pause(50);
        ({ entries: [entry] } = await bob.request("history.list", { limit: 1 }));
      }
      assert.deepEqual([entry.callId, entry.direction, entry.reason, entry.outcome], [callId, "inbound", "hangup", "answered"]);
    });

    story("rings all devices of a person, and tells the others who answered", async () => {
      const [alice, desk, laptop] = [await signIn("alice"), await signIn("bob"), await signIn("bob")];
      await call(alice, "102");
      const [at, other] = [await rings(desk), await rings(laptop)];
      assert.notEqual(at.id, other.id);
      await desk.request("call.answer", { call: at.id });
      assert.equal((await laptop.push("call.ended", ({ call: { id } }) => id === other.id)).reason, "answered-elsewhere");
      const { call: shown } = await laptop.push("call.state", ({ call: { id, state } }) => id === at.id && state === "active");
      assert.equal(shown.mine, false);
      await refused(laptop.request("call.hangup", { call: at.id }), "forbidden");
    });

    story("declines on all devices, and says busy to the caller", async () => {
      const [alice, desk, laptop] = [await signIn("alice"), await signIn("bob"), await signIn("bob")];
      const out = await call(alice, "102");
      const [at] = [await rings(desk), await rings(laptop)];
      await desk.request("call.decline", { call: at.id, reason: "busy" });
      assert.equal((await laptop.push("call.ended")).reason, "declined-elsewhere");
      const { reason, by, call: { id } } = await alice.push("call.ended");
      assert.deepEqual([reason, by, id], ["busy", "remote", out.id]);
    });

    story("stops ringing when the caller gives up", async () => {
      const [alice, bob] = [await signIn("alice"), await signIn("bob")];
      const out = await call(alice, "102");
      await rings(bob);
      await alice.request("call.hangup", { call: out.id });
      assert.equal((await alice.push("call.ended")).reason, "cancelled");
      const { reason, by, call: { callId } } = await bob.push("call.ended");
      assert.deepEqual([reason, by], ["cancelled", "remote"]);
      const { entry, missed } = await bob.told("history", (data) => data.entry?.callId === callId);
      assert.equal(entry.outcome, "missed");
      assert.ok(missed > 0);
      await bob.request("history.seen");
      await bob.told("history", (data) => data.entry === null && data.missed === 0);
    });

    story("says why nobody can be reached", async () => {
      const alice = await signIn("alice");
      for (const [to, reason] of [["7777", "not-found"], ["103", "offline"]]) {
        const { id } = await call(alice, to);
        assert.equal((await alice.push("call.ended", (data) => data.call.id === id)).reason, reason);
      }
    });

    story("goes on with a session, and says what was missed", async () => {
      const bob = await signIn("bob");
      const alice = await signIn("alice");
      await bob.push("presence");
      const seen = bob.lastSeq;
      bob.drop();
      await call(alice, "102");
      const back = await connect();
      assert.deepEqual(await back.resume(bob, seen), { seq: seen });
      await back.push("call.incoming");
      const whole = await connect();
      const { state } = await whole.resume(bob, 0);
      assert.deepEqual(state.calls.map(({ state: where, mine }) => [where, mine]), [["ringing", true]]);
      await whole.push("call.incoming");
      assert.equal(await back.closed(), 4006);
      const thief = await connect();
      await refused(thief.resume({ welcome: { ...bob.welcome, secret: "wrong" } }, 0), "session-expired");
      assert.equal(await thief.closed(), 4006);
    });

    story("parks for everybody to see, and gives back", async () => {
      const [alice, bob] = [await signIn("alice"), await signIn("bob")];
      const [, into] = await talk(alice, bob);
      const { slot } = await bob.request("call.park", { call: into });
      assert.equal((await bob.push("call.ended")).reason, "parked");
      const { calls: [parked] } = await alice.push("parked", ({ calls }) => calls.length === 1);
      assert.deepEqual([parked.slot, parked.party.number, parked.by.number], [slot, "101", "102"]);
      await call(bob, String(slot));
      await bob.push("call.state", ({ call: { state } }) => state === "active");
      await alice.push("parked", ({ calls }) => calls.length === 0);
    });

    story("hands a call on", async () => {
      const [alice, bob, carol] = [await signIn("alice"), await signIn("bob"), await signIn("carol")];
      const [, into] = await talk(alice, bob);
      await bob.request("call.transfer", { call: into, to: "103" });
      assert.equal((await bob.push("call.ended")).reason, "transferred");
      const third = await rings(carol);
      assert.equal(third.peer.number, "101");
      await carol.request("call.answer", { call: third.id });
      await alice.push("call.state", ({ call: { peer, state } }) => peer.number === "103" && state === "active");
    });

    story("tells what people do and say they do", async () => {
      const alice = await signIn("alice");
      const bob = await signIn("bob");
      const id = bob.welcome.me.userId;
      const told = (fits) => alice.push("presence", ({ entries }) => entries.some((entry) => entry.userId === id && fits(entry)));
      await told(({ presence }) => presence === "online");
      await bob.request("presence.set", { activity: "meal", note: "back at one" });
      await told(({ activity, note }) => activity === "meal" && note === "back at one");
      await bob.request("presence.set", {});
      await told(({ activity }) => activity === undefined);
      await talk(alice, bob);
      await told(({ presence }) => presence === "on-call");
      await bob.request("bye");
      assert.equal(await bob.closed(), 4006);
      await told(({ presence }) => presence === "offline");
    });

    story("keeps settings, and tells the user's other pages", async () => {
      const [desk, laptop] = [await signIn("bob"), await signIn("bob")];
      const settings = await desk.request("settings.set", { callWaiting: false });
      assert.equal(settings.callWaiting, false);
      assert.equal((await laptop.push("settings")).settings.callWaiting, false);
      await laptop.request("settings.set", { callWaiting: true });
      assert.equal((await desk.request("settings.get")).callWaiting, true);
    });

    const at = { story, signIn, refused, call, rings, talk, http: (path, init) => server.http(path, init) };
    roomStories(at);
    roomChatStories(at);
    recordingStories(at);
    peopleStories(at);
    chatStories(at);
  });
}
