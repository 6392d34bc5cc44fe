// States of the widget against the fake server, for photographs: of the eye's and of the visual baseline's.

const byId = (page, id) => page.getByTestId(id);
const state = (page, name) => page.locator(`[data-testid=call][data-state=${name}]`).waitFor();

export async function signIn(page, password = "right") {
  await byId(page, "username").fill("alice");
  await byId(page, "password").fill(password);
  await byId(page, "sign-in-submit").click();
}

async function talking(page, server, number = "102") {
  server.ring(number);
  await byId(page, "answer").click();
  await state(page, "active");
}

/** Opens a tool of the call, which may be in the menu of those that have no room. */
async function tool(page, id) {
  if (!(await byId(page, id).first().isVisible())) await byId(page, "more").click();
  await byId(page, id).first().click();
}

async function asking(page, server) {
  await talking(page, server);
  await tool(page, "transfer");
  await byId(page, "picker-search").fill("grace");
  await page.keyboard.press("Enter");
  await byId(page, "ask-first").click();
  await byId(page, "other-call").waitFor();
  await state(page, "ringing");
}

async function conference(page, server) {
  await asking(page, server);
  server.answer();
  await state(page, "active");
  await byId(page, "other-more").click();
  await byId(page, "merge").click();
  await byId(page, "room").waitFor();
  server.talking("m-1", true);
}

/** Two messages for alice, one of them heard. */
function leave(server) {
  const { records } = server.fake.desk;
  const from = (userId, number, name) => ({ userId, number, name });
  records.leave("u-101", { id: "vm-1", from: from("u-107", "107", "Grace Kimura"), receivedAt: Date.now() - 5_400_000, durationMs: 23_000, isHeard: true });
  records.leave("u-101", { id: "vm-2", from: from(null, "+49 30 1234567", ""), receivedAt: Date.now() - 600_000, durationMs: 71_000, isHeard: false });
}

/** The company's address book. */
function fillBook(server) {
  const contact = (id, name, organisation, ...numbers) => ({ id, name, organisation, numbers: numbers.map(([label, number]) => ({ label, number })) });
  server.fake.desk.contacts = [
    contact("c-1", "Dora Diaz", "Nordlicht GmbH", ["Office", "+49301234567"], ["Mobile", "+491715551234"]),
    contact("c-2", "Emil Østergaard", "Havn Logistik", ["", "+4570123456"]),
  ];
}

const settings = async (page, section) => { await byId(page, "settings").click(); await byId(page, `settings-${section}`).click(); };
/** A conversation with Bob and a group, with all that messages may have. */
function talk(server) {
  const { chat } = server.fake.desk;
  const as = (userId) => ({ account: { userId } });
  const [alice, bob, grace] = [as("u-101"), as("u-102"), as("u-107")];
  const first = chat.send(bob, { to: "101", text: "Good morning! The plan is at https://crm.example.com/plans/2026 (page 4)." });
  const { conversation } = first;
  chat.send(alice, { conversation, text: "Thank you, I will have a look." });
  chat.react(bob, { conversation, seq: 2, emoji: "👍" });
  const wrong = chat.send(alice, { conversation, text: "wrong window" });
  chat.edit(alice, conversation, wrong.seq);
  const group = chat.create(grace, "Quarterly figures", ["101", "102", "103"]).conversation.id;
  chat.send(grace, { conversation: group, text: "The figures are due on Friday." });
  chat.mark(alice, group, 1, 1);
  chat.send(bob, { conversation: group, text: "I am nearly done. 我马上完成。" });
  return { conversation, group };
}

async function inGroup(page, server) {
  talk(server);
  await byId(page, "tab-chat").click();
  await page.locator("[data-testid=chat-row][data-name='Quarterly figures']").click();
  await byId(page, "message").nth(1).waitFor();
}

/** Each with what leads there from the directory (or, where `signedOut`, from the form); `picture` is what its baseline shows. */
export const SCENES = [
  { name: "sign-in", picture: "ringdown-sign-in", signedOut: true, go: async () => undefined },
  { name: "sign-in-wrong", picture: "ringdown-sign-in", signedOut: true, go: async (page) => { await signIn(page, "wrong"); await byId(page, "sign-in-error").waitFor(); } },
  { name: "people", go: async () => undefined },
  { name: "search", go: async (page) => byId(page, "search").fill("an") },
  { name: "nobody", go: async (page) => byId(page, "search").fill("zzz") },
  { name: "person", go: async (page) => { await byId(page, "open-person").nth(3).click(); await byId(page, "card-call").waitFor(); } },
  { name: "department", go: async (page) => byId(page, "people-part").selectOption("/Support") },
  { name: "address-book", go: async (page, server) => { fillBook(server); await byId(page, "people-part").selectOption("book"); await byId(page, "contact").nth(1).waitFor(); } },
  { name: "contact", go: async (page, server) => { fillBook(server); await byId(page, "search").fill("dia"); await byId(page, "open-contact").click(); await byId(page, "card-call").nth(1).waitFor(); } },
  { name: "photo", go: async (page) => { await settings(page, "account"); await byId(page, "change-photo").click(); await byId(page, "photo-file").setInputFiles("e2e/baseline/conference.png"); await byId(page, "photo-square").waitFor(); } },
  { name: "keypad", picture: "ringdown-dial-pad", go: async (page) => { await byId(page, "tab-keypad").click(); await byId(page, "number").pressSequentially("104"); } },
  { name: "recents", go: async (page) => { await byId(page, "tab-recents").click(); await byId(page, "recents").waitFor(); } },
  { name: "missed", go: async (page) => { await byId(page, "tab-recents").click(); await byId(page, "calls-missed").click(); await byId(page, "recent").first().waitFor(); } },
  { name: "favourites", go: async (page, server) => { server.fake.desk.records.setFavourite("u-101", "u-103", true); server.fake.desk.say("u-102", { activity: "dnd", note: "deep work", until: Date.now() + 3_600_000 }); await byId(page, "favourites").waitFor(); } },
  { name: "presence", go: async (page) => { await byId(page, "presence").click(); await byId(page, "say-dnd").waitFor(); } },
  { name: "presence-note", go: async (page) => { await byId(page, "presence").click(); await byId(page, "say-more").click(); await byId(page, "say-note").fill("Back at three"); } },
  { name: "presence-until", go: async (page) => { await byId(page, "presence").click(); await byId(page, "say-more").click(); await byId(page, "say-end").selectOption("time"); await byId(page, "say-at").fill("2040-01-02T15:30"); } },
  { name: "voicemail", go: async (page, server) => { leave(server); await byId(page, "tab-voicemail").click(); await byId(page, "message").nth(1).waitFor(); } },
  { name: "call-settings", go: async (page) => { await byId(page, "settings").click(); await byId(page, "settings-calls").click(); await byId(page, "set-dnd").waitFor(); } },
  { name: "voicemail-pin", go: async (page) => { await settings(page, "calls"); if ((await byId(page, "set-voicemail").getAttribute("aria-checked")) === "false") await byId(page, "set-voicemail").click(); await byId(page, "pin").waitFor(); } },
  { name: "settings", go: async (page) => { await byId(page, "settings").click(); await byId(page, "settings-appearance").waitFor(); } },
  { name: "appearance", go: async (page) => { await byId(page, "settings").click(); await byId(page, "settings-appearance").click(); await byId(page, "language").waitFor(); } },
  { name: "ring-closed", go: async (page) => { await settings(page, "push"); await byId(page, "take-links").waitFor(); } },
  { name: "devices", go: async (page) => { await byId(page, "settings").click(); await byId(page, "settings-devices").click(); await byId(page, "ringtone").waitFor(); } },
  { name: "camera", unstable: true, go: async (page) => { await settings(page, "devices"); await byId(page, "test-camera").click(); await byId(page, "camera-picture").scrollIntoViewIfNeeded(); } },
  { name: "checks", unstable: true, go: async (page) => { await byId(page, "settings").click(); await byId(page, "settings-checks").click(); await byId(page, "check-run").click(); await byId(page, "check-sound").waitFor(); } },
  { name: "incoming", picture: "ringdown-incoming", go: async (page, server) => { server.ring("102"); await byId(page, "answer").waitFor(); } },
  { name: "dialing", picture: "ringdown-call", go: async (page) => { await byId(page, "call-person").nth(3).click(); await state(page, "ringing"); } },
  { name: "call", picture: "ringdown-call", go: talking },
  { name: "call-more", go: async (page, server) => { await talking(page, server); await byId(page, "more").click(); await byId(page, "park").waitFor(); } },
  { name: "call-keypad", picture: "ringdown-call", go: async (page, server) => { await talking(page, server); await tool(page, "keypad"); await page.keyboard.type("12#"); } },
  { name: "call-audio", go: async (page, server) => { await talking(page, server); await tool(page, "audio"); } },
  { name: "call-quality", go: async (page, server) => { await talking(page, server); await tool(page, "figures"); await byId(page, "quality-none").waitFor(); } },
  { name: "call-recorded", go: async (page, server) => { await talking(page, server); await tool(page, "record"); await byId(page, "recording").waitFor(); } },
  { name: "call-pin", picture: "ringdown-call", go: async (page, server) => { await talking(page, server); server.askPin(1); await byId(page, "pin-form").waitFor(); } },
  { name: "held", picture: "ringdown-call", go: async (page, server) => { await talking(page, server); await tool(page, "mute"); await tool(page, "hold"); await state(page, "held"); } },
  { name: "waiting", go: async (page, server) => { await talking(page, server); server.ring("107"); await byId(page, "answer").waitFor(); } },
  { name: "minimised", narrow: true, go: async (page, server) => { await talking(page, server); await byId(page, "minimise").click(); await byId(page, "return-to-call").waitFor(); } },
  { name: "transfer", picture: "ringdown-transfer", go: async (page, server) => { await talking(page, server); await tool(page, "transfer"); await byId(page, "picker-search").fill("an"); await page.keyboard.press("ArrowDown"); await page.keyboard.press("Enter"); } },
  { name: "asking", picture: "ringdown-call", go: asking },
  { name: "two-calls", picture: "ringdown-call", go: async (page, server) => { await talking(page, server); server.ring("107"); await byId(page, "answer").click(); await byId(page, "other-call").waitFor(); await state(page, "active"); } },
  { name: "conference", picture: "ringdown-call", go: conference },
  { name: "conference-menu", go: async (page, server) => { await conference(page, server); await byId(page, "member-more").first().click(); await byId(page, "member-mute").waitFor(); } },
  { name: "conference-invited", go: async (page, server) => { await conference(page, server); await byId(page, "room-add").click(); await byId(page, "picker-search").fill("daniel"); await page.keyboard.press("Enter"); await byId(page, "invite").click(); await byId(page, "room-invited").waitFor(); } },
  { name: "parked", go: async (page, server) => { await talking(page, server); await tool(page, "park"); await byId(page, "toast").waitFor(); } },
  { name: "ended", picture: "ringdown-ended", go: async (page, server) => { await talking(page, server); server.end("hangup"); await byId(page, "ended").waitFor(); } },
  { name: "busy", picture: "ringdown-ended", go: async (page, server) => { await byId(page, "call-person").nth(3).click(); await state(page, "ringing"); server.end("busy"); await byId(page, "ended").waitFor(); } },
  { name: "chats", unstable: true, go: async (page, server) => { talk(server); await byId(page, "tab-chat").click(); await byId(page, "chat-row").nth(1).waitFor(); } },
  { name: "chat", unstable: true, go: async (page, server) => { talk(server); await byId(page, "tab-chat").click(); await byId(page, "chat-row").nth(1).click(); await byId(page, "message").nth(2).waitFor(); } },
  { name: "chat-group", unstable: true, go: inGroup },
  { name: "chat-actions", unstable: true, go: async (page, server) => { await inGroup(page, server); await byId(page, "message").nth(1).getByRole("button").click(); await byId(page, "react").first().waitFor(); } },
  { name: "chat-about", unstable: true, go: async (page, server) => { await inGroup(page, server); await byId(page, "chat-about").click(); await byId(page, "add-members").click(); await byId(page, "group-member").first().waitFor(); } },
  { name: "chat-new-group", go: async (page) => { await byId(page, "tab-chat").click(); await byId(page, "new-group").click(); await byId(page, "group-member").first().waitFor(); } },
  { name: "chat-blocked", unstable: true, go: async (page, server) => { talk(server); await byId(page, "tab-chat").click(); await byId(page, "chat-row").nth(1).click(); server.fake.desk.chat.block({ account: { userId: "u-101" } }, { user: "u-102", isBlocked: true }); await byId(page, "chat-blocked").waitFor(); } },
  { name: "chat-failed", unstable: true, go: async (page, server) => { await inGroup(page, server); server.fake.refuse("chat.send", "rate-limited"); await byId(page, "chat-text").fill("Does this arrive?"); await page.keyboard.press("Enter"); await byId(page, "retry").waitFor(); } },
  { name: "reconnecting", unstable: true, go: async (page, server) => { await talking(page, server); server.drop(); await byId(page, "notice-connection").waitFor(); } },
];
