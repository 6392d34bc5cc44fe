// What a client may rely on beside calls: rooms, recording, voicemail, presence that is watched, chat. `at` are the helpers of
// conformance.test.mjs; every story runs at the real server and at the fake one.

import assert from "node:assert/strict";
import { Blob } from "node:buffer";

const ABSENT = "f".repeat(32);

/** A conference of alice, who made it, bob and carol. */
const conference = async ({ signIn, call, rings, talk }) => {
  const [alice, bob, carol] = [await signIn("alice"), await signIn("bob"), await signIn("carol")];
  const [first] = await talk(alice, bob);
  const second = await call(alice, "103");
  const third = await rings(carol);
  await carol.request("call.answer", { call: third.id });
  await alice.push("call.state", ({ call: { id, state } }) => id === second.id && state === "active");
  await alice.request("call.merge", { call: first, other: second.id });
  const { room } = await alice.told("room", ({ room: { members } }) => members.length === 3);
  const member = (name) => room.members.find(({ party }) => party.number === name).id;
  return { alice, bob, carol, room: room.room, member, alicesCall: first, carolsCall: third.id };
};

export const roomStories = (at) => {
  const { story, refused } = at;

  story("makes a room of two calls, where who made it moderates", async () => {
    const { alice, bob, carol, room, member, carolsCall } = await conference(at);
    const seen = (wire, fits) => wire.told("room", ({ room: { members } }) => members.some((one) => one.id === member("102") && fits(one)));
    await alice.request("room.mute", { room, member: member("102"), muted: true });
    await seen(carol, ({ isMuted, isSilenced }) => isMuted && isSilenced);
    await refused(bob.request("room.mute", { room, member: member("102"), muted: false }), "forbidden");
    await refused(bob.request("room.remove", { room, member: member("103") }), "forbidden");
    await refused(bob.request("room.lock", { room, locked: true }), "forbidden");
    await alice.request("room.gain", { room, member: member("102"), decibels: -12 });
    await seen(carol, ({ gain }) => gain === -12);
    await refused(alice.request("room.gain", { room, member: member("102"), decibels: 21 }), "bad-request");
    await alice.request("room.lock", { room, locked: true });
    await bob.told("room", (told) => told.room.isLocked);
    await alice.request("room.remove", { room, member: member("103") });
    await carol.push("call.ended", (ended) => ended.call.id === carolsCall);
    await bob.told("room", (told) => told.room.members.length === 2);
    await refused(alice.request("room.remove", { room, member: member("103") }), "no-such-call");
    await refused(carol.request("room.mute", { room, member: member("101"), muted: true }), "no-such-call");
  });
};

/** A room's conversation is its members'. */
export const roomChatStories = (at) => {
  at.story("gives a room a conversation of its own", async () => {
    const { alice, bob, carol, alicesCall, carolsCall } = await conference(at);
    const { conversation } = await alice.request("chat.open", { call: alicesCall });
    assert.equal(conversation.kind, "room");
    assert.equal((await carol.request("chat.open", { call: carolsCall })).conversation.id, conversation.id);
    await alice.request("chat.send", { conversation: conversation.id, text: "the plan is in the folder" });
    for (const wire of [bob, carol]) await wire.push("chat.message", ({ message }) => message.conversation === conversation.id);
  });
};

export const peopleStories = ({ story, signIn, refused }) => {
  story("tells of those who are watched, and bounds how many", async () => {
    const [alice, bob] = [await signIn("alice"), await signIn("bob")];
    const users = [bob.welcome.me.userId];
    const { entries: [entry] } = await alice.request("presence.watch", { users });
    assert.deepEqual([entry.userId, entry.presence], [users[0], "online"]);
    await bob.request("presence.set", { activity: "meeting", note: "till ten" });
    await alice.told("presence", ({ entries }) => entries.some(({ userId, note }) => userId === users[0] && note === "till ten"));
    await bob.request("presence.set", {});
    assert.deepEqual(await alice.request("presence.unwatch", { users }), {});
    await refused(alice.request("presence.watch", { users: Array.from({ length: 501 }, (_, place) => place.toString(16).padStart(32, "0")) }), "bad-request");
    await refused(bob.request("presence.set", { activity: "meal", note: "x".repeat(2000) }), "bad-request");
  });

  story("has an empty mailbox, and knows no other's messages", async () => {
    const bob = await signIn("bob");
    assert.deepEqual(await bob.request("voicemail.list"), { messages: [], new: 0, saved: 0 });
    for (const [method, params] of [["mark", { isHeard: true }], ["delete", {}]]) {
      await refused(bob.request(`voicemail.${method}`, { message: ABSENT, ...params }), "no-such-call");
    }
  });

  story("pages through the history, and refuses a cursor it did not give", async () => {
    const alice = await signIn("alice");
    const { entries, cursor } = await alice.request("history.list", { limit: 1 });
    assert.equal(entries.length, 1);
    const next = await alice.request("history.list", { limit: 1, cursor });
    assert.notEqual(next.entries[0].callId, entries[0].callId);
    await refused(alice.request("history.list", { limit: 101 }), "bad-request");
    await refused(alice.request("history.list", { cursor: "not one" }), "bad-request");
  });
};

export const chatStories = ({ story, signIn, refused, http }) => {
  story("carries a message to somebody, once, and back the marks", async () => {
    const [alice, bob] = [await signIn("alice"), await signIn("bob")];
    const { conversation } = await alice.request("chat.open", { to: "102" });
    assert.deepEqual([conversation.kind, conversation.peer.number, conversation.memberCount], ["direct", "102", 2]);
    const text = `Größe ${Date.now().toString(36)}`;
    const send = { conversation: conversation.id, text, id: Date.now().toString(16).padStart(32, "0") };
    const { message } = await alice.request("chat.send", send);
    assert.deepEqual([message.text, message.from.number], [text, "101"]);
    assert.equal((await alice.request("chat.send", send)).message.seq, message.seq, "sent again under its id it is sent once");
    const pushed = await bob.push("chat.message", (data) => data.message.text === text);
    assert.equal(pushed.message.conversation, conversation.id);
    const list = await bob.request("chat.list", {});
    assert.equal(list.conversations[0].id, conversation.id);
    assert.ok(list.unread > 0);
    await bob.request("chat.typing", { conversation: conversation.id });
    await alice.push("chat.typing", (data) => data.conversation === conversation.id);
    await bob.request("chat.mark", { conversation: conversation.id, delivered: message.seq, read: message.seq });
    await alice.push("chat.marks", (data) => data.conversation === conversation.id && data.read === message.seq);
    const { messages } = await bob.request("chat.search", { query: text.replace("Größe", "GRÖSSE") });
    assert.deepEqual(messages.map(({ seq }) => seq), [message.seq]);
  });

  story("changes a message for both, and only for who wrote it", async () => {
    const [alice, bob] = [await signIn("alice"), await signIn("bob")];
    const { message: { seq, conversation } } = await alice.request("chat.send", { to: "102", text: "meet at ten" });
    const edited = await alice.request("chat.edit", { conversation, seq, text: "meet at eleven" });
    assert.equal(edited.message.text, "meet at eleven");
    await bob.push("chat.message", ({ message }) => message.seq === seq && message.text === "meet at eleven");
    await refused(bob.request("chat.edit", { conversation, seq, text: "never" }), "bad-request");
    await refused(bob.request("chat.delete", { conversation, seq }), "bad-request");
    await bob.request("chat.react", { conversation, seq, emoji: "👍" });
    await alice.push("chat.message", ({ message }) => message.seq === seq && message.reactions?.length === 1);
    await alice.request("chat.delete", { conversation, seq });
    await bob.push("chat.message", ({ message }) => message.seq === seq && message.text === "");
    await refused(alice.request("chat.edit", { conversation, seq, text: "again" }), "bad-request");
  });

  story("has groups whose members alone read, and who see what comes", async () => {
    const [alice, bob, carol] = [await signIn("alice"), await signIn("bob"), await signIn("carol")];
    const id = ({ welcome }) => welcome.me.userId;
    const { conversation: { id: conversation }, members } = await alice.request("chat.create", { title: "Line 4", members: [id(bob)] });
    assert.deepEqual([members.length, members.find(({ isOwner }) => isOwner).party.number], [2, "101"]);
    await bob.push("chat.conversation", ({ opened }) => opened.conversation.id === conversation);
    await alice.request("chat.send", { conversation, text: "before carol" });
    for (const method of ["chat.history", "chat.open"]) await refused(carol.request(method, { conversation }), "forbidden");
    await refused(carol.request("chat.send", { conversation, text: "in" }), "forbidden");
    await refused(carol.request("chat.change", { conversation, add: [id(carol)], remove: [] }), "forbidden");
    await bob.request("chat.change", { conversation, title: "Line 5", add: [id(carol)], remove: [] });
    await carol.push("chat.conversation", ({ opened }) => opened.conversation.id === conversation && opened.conversation.title === "Line 5");
    await alice.request("chat.send", { conversation, text: "after carol" });
    await carol.push("chat.message", ({ message }) => message.text === "after carol");
    const { messages } = await carol.request("chat.history", { conversation });
    assert.ok(messages.every(({ text }) => text !== "before carol") && messages.some(({ text }) => text === "after carol"));
    await refused(bob.request("chat.change", { conversation, add: [], remove: [id(carol)] }), "forbidden");
    await alice.request("chat.change", { conversation, add: [], remove: [id(carol)] });
    await carol.push("chat.gone", (data) => data.conversation === conversation);
    await bob.request("chat.leave", { conversation });
    await refused(bob.request("chat.history", { conversation }), "forbidden");
  });

  story("refuses messages that are none or too long, and conversations there are not", async () => {
    const alice = await signIn("alice");
    for (const text of ["", "x".repeat(4097)]) await refused(alice.request("chat.send", { to: "102", text }), "bad-request");
    await refused(alice.request("chat.send", { conversation: ABSENT, text: "hello" }), "forbidden");
    await refused(alice.request("chat.open", { to: "7777" }), "bad-request");
    await refused(alice.request("chat.create", { title: "", members: [] }), "bad-request");
    await refused(alice.request("chat.search", { query: "" }), "bad-request");
    await refused(alice.request("file.link", { file: ABSENT }), "bad-request");
  });

  story("keeps a file for those it was sent to", async () => {
    const [alice, bob, carol] = [await signIn("alice"), await signIn("bob"), await signIn("carol")];
    const place = await alice.request("file.place");
    assert.ok(place.path.startsWith("/api/v1/files?") && place.expiresIn > 0);
    const sent = await http(`${place.path}&name=plan.txt`, { method: "POST", body: new Blob(["line 4"], { type: "text/plain" }) });
    assert.equal(sent.status, 201);
    const file = await sent.json();
    assert.deepEqual([file.name, file.size], ["plan.txt", 6]);
    await refused(bob.request("chat.send", { to: "101", text: "", file: file.id }), "bad-request");
    const { message } = await alice.request("chat.send", { to: "102", text: "", file: file.id });
    assert.equal(message.file.id, file.id);
    await bob.push("chat.message", (data) => data.message.file?.id === file.id);
    const { path } = await bob.request("file.link", { file: file.id });
    assert.equal(await (await http(path)).text(), "line 4");
    await refused(carol.request("file.link", { file: file.id }), "bad-request");
    assert.ok((await http(`/api/v1/files/${file.id}`)).status >= 400);
  });

  story("lets nobody write to who blocked them", async () => {
    const [alice, bob] = [await signIn("alice"), await signIn("bob")];
    const user = alice.welcome.me.userId;
    await bob.request("chat.block", { user, isBlocked: true });
    await refused(alice.request("chat.send", { to: "102", text: "hello?" }), "forbidden");
    await bob.request("chat.block", { user, isBlocked: false });
    await alice.request("chat.send", { to: "102", text: "hello" });
  });
};

export const recordingStories = ({ story, signIn, refused, talk }) => {
  story("records for whom the call says it may be recorded, and tells the state", async () => {
    const [alice, bob] = [await signIn("alice"), await signIn("bob")];
    const calls = await talk(alice, bob);
    for (const [wire, call] of [[alice, calls[0]], [bob, calls[1]]]) {
      const { call: { mayRecord } } = await wire.told("call.state", (data) => data.call.id === call && data.call.state === "active");
      if (!mayRecord) {
        await refused(wire.request("call.record", { call }), "forbidden");
        continue;
      }
      await refused(wire.request("call.stopRecording", { call, recording: ABSENT }), "no-such-call");
      const { recording } = await wire.request("call.record", { call });
      await wire.push("call.state", (data) => data.call.id === call && data.call.recording === recording);
      await refused(wire.request("call.record", { call }), "wrong-state");
      await wire.request("call.stopRecording", { call, recording });
      await wire.push("call.state", (data) => data.call.id === call && data.call.recording === undefined);
    }
  });
};
