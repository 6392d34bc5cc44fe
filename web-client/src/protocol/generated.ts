// Written from the Rust types of appserver/crates/protocol: do not edit.
// `RINGDOWN_UPDATE=1 cargo test -p ringdown-protocol` writes it anew.

/**
 * The longest frame a client may send, in bytes.
 */
export const MAX_FRAME_BYTES = 65536;

/**
 * The deepest nesting of a client's JSON.
 */
export const MAX_DEPTH = 32;

/**
 * Why a call ended.
 */
export const END_REASONS = [
  "hangup",
  "busy",
  "declined",
  "no-answer",
  "answered-elsewhere",
  "declined-elsewhere",
  "cancelled",
  "not-found",
  "offline",
  "forbidden",
  "not-acceptable",
  "media-failed",
  "congestion",
  "server-restart",
  "resume-expired",
  "failed",
  "transferred",
  "parked",
  "removed",
] as const;

/**
 * Why a call ended.
 */
export type EndReason = (typeof END_REASONS)[number];

/**
 * What somebody does, in their own word. Being in a call is not among them: that is seen. Who says nothing is ready.
 */
export type Activity = "away" | "busy" | "dnd" | "break" | "meeting" | "meal" | "vacation";

/**
 * Parameters of `call.answer`.
 */
export type AnswerParams = {
/**
 * The call's `id`.
 */
call: string,
/**
 * The answer to the offer of `call.incoming`, unless `call.describe` gave it.
 */
description?: Description, };

/**
 * How good one way of a call's audio is: over about five seconds, or over the whole call in history.
 */
export type AudioQuality = {
/**
 * Packets that arrived.
 */
packets: number,
/**
 * Packets that were lost.
 */
lost: number,
/**
 * The share that was lost, in percent.
 */
lossPercent: number,
/**
 * How unevenly packets arrive, in milliseconds (RFC 3550 §6.4.1).
 */
jitterMs: number,
/**
 * The delay from mouth to ear on this leg, estimated, in milliseconds.
 */
delayMs: number | null,
/**
 * Mean opinion score by the E-model, 1 to 4.5: above 4.3 very good, above 4 good, above 3.6 fair, below 3.1 poor.
 */
mos: number,
/**
 * The lowest score of a period so far.
 */
mosLowest: number, };

/**
 * One way between a device and the switch.
 */
export type AudioWay = "sent" | "received";

/**
 * In or out.
 */
export type CallDirection = "inbound" | "outbound";

/**
 * A call of the user's, on one of the user's devices.
 */
export type CallInfo = {
/**
 * Names this side of the call in every method.
 */
id: string,
/**
 * The same on both sides and in history.
 */
callId: string,
/**
 * Whether this session holds the call's audio; a call on another of the user's devices is shown, not controlled.
 */
mine: boolean,
/**
 * In or out.
 */
direction: CallDirection,
/**
 * Where it is in its life.
 */
state: CallState,
/**
 * The other side.
 */
peer: PeerInfo,
/**
 * The user put the other side on hold.
 */
held: boolean,
/**
 * The other side put the user on hold.
 */
heldByPeer: boolean,
/**
 * The other side's connection is lost and may come back within two minutes; the user hears a comfort tone.
 */
peerLost: boolean,
/**
 * The other side muted itself. Left out while it did not.
 */
peerMuted?: boolean,
/**
 * Muted at the switch.
 */
muted: boolean,
/**
 * Left out but while a conference room asks for its PIN: how many were wrong so far. Keys are the answer, `#` at the end.
 */
pinAsked?: number,
/**
 * Whether the user may record it: `call.record`.
 */
mayRecord?: boolean,
/**
 * Whether anybody records it: the user, the other side, a moderator of its room, an admin.
 */
isRecorded?: boolean,
/**
 * The user's own recording of it that goes on, for `call.stopRecording`.
 */
recording?: string,
/**
 * When it began, Unix time in milliseconds.
 */
createdAt: number,
/**
 * When it was answered.
 */
answeredAt: number | null,
/**
 * What the caller sent along.
 */
variables: { [key in string]: string }, };

/**
 * What became of a finished call for one of its sides.
 */
export type CallOutcome = "answered" | "answered-elsewhere" | "missed" | "declined" | "unanswered";

/**
 * How good a call's audio is, and what is wrong with it. Measured by the switch and, for what the user hears, by the
 * user's device.
 */
export type CallQuality = {
/**
 * The round trip between the device and the switch, in milliseconds.
 */
roundTripMs: number | null,
/**
 * What the user says, as it reaches the switch.
 */
sent: AudioQuality | null,
/**
 * What the user hears, as the device reports it.
 */
received: AudioQuality | null,
/**
 * Everything that is wrong at the moment: what was told before and is not in it is over.
 */
warnings: Array<QualityWarning>, };

/**
 * Whose device.
 */
export type CallSide = "own" | "peer";

/**
 * Result of `call.start`.
 */
export type CallStarted = {
/**
 * The call as it is.
 */
call: CallInfo, };

/**
 * Where a call is in its life, as the server knows it.
 */
export type CallState = "dialing" | "ringing" | "active" | "ended";

/**
 * What a caller hears whose call was not answered, in the tones of the installation's country. Each is a cadence as
 * ITU-T E.180's list of national tones has it, which is repeated: parts with `,` between them, each
 * `<frequencies>/<milliseconds>`. Frequencies are in Hz: `0` is silence, `480+620` sound together, `400*25` is the
 * first, its level swayed by the second. A part without a length sounds until the tone ends, and is the only one.
 */
export type CallTones = {
/**
 * The other side does not want to talk now: `425/500,0/500` where the country has no other.
 */
busy: string,
/**
 * The call could not be put through: `425/250,0/250` where the country has no other.
 */
congestion: string, };

/**
 * Parameters of `call.candidate`.
 */
export type CandidateParams = {
/**
 * The call's `id`.
 */
call: string,
/**
 * `candidate:…` as `RTCIceCandidate.candidate`; null at the end of candidates.
 */
candidate: string | null, };

/**
 * Parameters of `chat.block`.
 */
export type ChatBlockParams = {
/**
 * An account: what they write to the user alone is refused, and they take the user into no group.
 */
user: string,
/**
 * Whether so, or no longer.
 */
isBlocked: boolean, };

/**
 * Parameters of `chat.change`: what is left out stays.
 */
export type ChatChangeParams = {
/**
 * The group.
 */
conversation: string,
/**
 * A new title. Any member may give one.
 */
title?: string,
/**
 * Numbers or accounts of people to take in. Any member may. They see what is written from now on.
 */
add: Array<string>,
/**
 * Accounts to take out: the owner may.
 */
remove: Array<string>, };

/**
 * A conversation as one of its members sees it.
 */
export type ChatConversation = {
/**
 * Names it.
 */
id: string,
/**
 * What it is.
 */
kind: ChatKind,
/**
 * A group's or a room's title; empty for two people.
 */
title: string,
/**
 * The other one of two people.
 */
peer?: PeerInfo,
/**
 * How many are in it.
 */
memberCount: number,
/**
 * Its newest message; absent before the first.
 */
last?: ChatMessage,
/**
 * The number of its newest message, 0 before the first.
 */
lastSeq: number,
/**
 * Grows with every message, edit and deletion. What is as one remembers it need not be loaded again.
 */
revision: number,
/**
 * Messages up to this number the user has read.
 */
read: number,
/**
 * Messages up to this number reached a device of every other member.
 */
othersDelivered: number,
/**
 * Messages up to this number every other member has read.
 */
othersRead: number,
/**
 * When something was last written, Unix time in milliseconds; before that, when it began.
 */
updatedAt: number, };

/**
 * Parameters of `chat.create`.
 */
export type ChatCreateParams = {
/**
 * What the group is called: 1 to 100 characters.
 */
title: string,
/**
 * Numbers or accounts of the others: 1 to 499.
 */
members: Array<string>, };

/**
 * Parameters of `chat.delete`.
 */
export type ChatDeleteParams = {
/**
 * The conversation.
 */
conversation: string,
/**
 * The number of an own message; in groups and rooms any message's for who made the group, and for admins who are
 * in it.
 */
seq: number, };

/**
 * Parameters of `chat.edit`.
 */
export type ChatEditParams = {
/**
 * The conversation.
 */
conversation: string,
/**
 * The number of an own message.
 */
seq: number,
/**
 * What it says from now on.
 */
text: string, };

/**
 * Result of `chat.search`.
 */
export type ChatFound = {
/**
 * Up to 30 messages, newest first.
 */
messages: Array<ChatMessage>,
/**
 * For what is older; absent at the end. A page may be empty and have one: it searched a long time back.
 */
cursor?: string, };

/**
 * Result of `chat.history`.
 */
export type ChatHistory = {
/**
 * Messages by number, lowest first; with `since` by revision.
 */
messages: Array<ChatMessage>,
/**
 * Whether there are more in the direction that was asked for.
 */
more: boolean, };

/**
 * Parameters of `chat.history`.
 */
export type ChatHistoryParams = {
/**
 * The conversation.
 */
conversation: string,
/**
 * Messages with lower numbers than this; the newest if left out.
 */
before?: number,
/**
 * Instead: messages with higher numbers than this, up to the newest.
 */
after?: number,
/**
 * Instead: what came or changed after this revision, the oldest change first.
 */
since?: number,
/**
 * 1 to 100, 50 if left out.
 */
limit?: number, };

/**
 * What a conversation is.
 */
export type ChatKind = "direct" | "group" | "room";

/**
 * Result of `chat.list`.
 */
export type ChatList = {
/**
 * The user's conversations, the one last written in first.
 */
conversations: Array<ChatConversation>,
/**
 * For the next page; absent at the end.
 */
cursor?: string,
/**
 * How many messages the user has not read, in all conversations.
 */
unread: number,
/**
 * Accounts the user takes no messages from.
 */
blocked: Array<string>, };

/**
 * Parameters of `chat.list`.
 */
export type ChatListParams = {
/**
 * The cursor of the page before.
 */
cursor?: string,
/**
 * 1 to 100, 50 if left out.
 */
limit?: number, };

/**
 * Parameters of `chat.mark`. Marks only grow.
 */
export type ChatMarkParams = {
/**
 * The conversation.
 */
conversation: string,
/**
 * Messages up to this number reached the device.
 */
delivered?: number,
/**
 * Messages up to this number the user has read.
 */
read?: number, };

/**
 * A member of a conversation.
 */
export type ChatMember = {
/**
 * Who.
 */
party: PeerInfo,
/**
 * Whether they made the group: they may take others out of it.
 */
isOwner: boolean,
/**
 * Messages up to this number reached one of their devices.
 */
delivered: number,
/**
 * Messages up to this number they have read.
 */
read: number, };

/**
 * A message.
 */
export type ChatMessage = {
/**
 * Names it.
 */
id: string,
/**
 * Its conversation.
 */
conversation: string,
/**
 * Its number there: 1, 2, 3 …
 */
seq: number,
/**
 * The conversation's revision it came or last changed with.
 */
revision: number,
/**
 * Who wrote it.
 */
from: PeerInfo,
/**
 * What it says: plain text. Empty where it is a file alone, or was deleted.
 */
text: string,
/**
 * What came with it.
 */
file?: FileInfo,
/**
 * When it was written, Unix time in milliseconds.
 */
at: number,
/**
 * When its author last changed it.
 */
editedAt?: number,
/**
 * Whether its author, or whoever may take messages of others away, deleted it.
 */
isDeleted: boolean,
/**
 * What members said of it by one sign each, the sign most gave first.
 */
reactions?: Array<ChatReaction>, };

/**
 * Parameters of `chat.open`: exactly one.
 */
export type ChatOpenParams = {
/**
 * A number or an account: the conversation with that person, which begins if there is none.
 */
to?: string,
/**
 * One of the user's live calls: in a conference room the room's conversation, else the one with the other side.
 */
call?: string,
/**
 * A conversation.
 */
conversation?: string, };

/**
 * Result of `chat.open`, `chat.create` and `chat.change`.
 */
export type ChatOpened = {
/**
 * The conversation.
 */
conversation: ChatConversation,
/**
 * Who is in it. A push of a conversation of more than 100 leaves them out: `chat.open` tells them.
 */
members: Array<ChatMember>, };

/**
 * A conversation.
 */
export type ChatParams = {
/**
 * Its id.
 */
conversation: string, };

/**
 * Parameters of `chat.react`.
 */
export type ChatReactParams = {
/**
 * The conversation.
 */
conversation: string,
/**
 * The number of a message that was not deleted.
 */
seq: number,
/**
 * The user's one sign under it, an emoji of at most 32 bytes; left out, or null, for none any more.
 */
emoji?: string, };

/**
 * A sign under a message, and whose it is.
 */
export type ChatReaction = {
/**
 * An emoji.
 */
emoji: string,
/**
 * The accounts of those who gave it, the first one first.
 */
users: Array<string>, };

/**
 * Parameters of `chat.search`.
 */
export type ChatSearchParams = {
/**
 * Up to 8 words, at most 100 characters. A message is found that holds all of them, whatever their case and accents.
 */
query: string,
/**
 * In this conversation alone.
 */
conversation?: string,
/**
 * The cursor of the page before.
 */
cursor?: string, };

/**
 * Parameters of `chat.send`.
 */
export type ChatSendParams = {
/**
 * The conversation.
 */
conversation?: string,
/**
 * Instead: the number or account of whom to write to.
 */
to?: string,
/**
 * Plain text, at most 4,096 bytes of UTF-8; empty only with a file.
 */
text: string,
/**
 * A file of `POST /api/v1/files`.
 */
file?: string,
/**
 * 32 random hexadecimal digits. A message sent again under its id, because the answer was lost, is sent once.
 */
id?: string, };

/**
 * Result of `chat.send`, `chat.edit`, `chat.delete` and `chat.react`: the message is kept.
 */
export type ChatSent = {
/**
 * As it is.
 */
message: ChatMessage, };

/**
 * What connects.
 */
export type ClientInfo = {
/**
 * A product name, at most 64 characters.
 */
name: string,
/**
 * Its version, at most 32 characters.
 */
version: string, };

/**
 * Parameters of `call.complete`.
 */
export type CompleteParams = {
/**
 * The `id` of the call whose other side is handed on.
 */
call: string,
/**
 * The `id` of the call that reached whom it is handed on to; talking or still ringing.
 */
other: string, };

/**
 * Parameters of `call.completion`.
 */
export type CompletionParams = {
/**
 * Whether the user wants to be rung once the person they last found busy is free.
 */
on: boolean, };

/**
 * What becomes of the wish to be rung once somebody busy is free.
 */
export type CompletionState = "waiting" | "ringing" | "cancelled" | "expired";

/**
 * Somebody in the address book.
 */
export type Contact = {
/**
 * The contact.
 */
id: string,
/**
 * The name.
 */
name: string,
/**
 * Whom they work for; empty for nobody.
 */
organisation: string,
/**
 * Their numbers, the first the one to call.
 */
numbers: Array<ContactNumber>, };

/**
 * A number of a contact.
 */
export type ContactNumber = {
/**
 * What it is, in the company's words: "Office", "Mobile"; at most 32 characters, empty for nothing in particular.
 */
label: string,
/**
 * As it is dialled: 1 to 32 of `0-9 * # +`; spaces, brackets, dots, slashes and dashes between them are left out.
 */
number: string, };

/**
 * Parameters of `contact.search`.
 */
export type ContactSearchParams = {
/**
 * Words of names, organisations and numbers, at most 64 characters; empty for the first of the book.
 */
query: string, };

/**
 * Result of `contact.search`.
 */
export type ContactSearchResult = {
/**
 * At most 50, best match first; by name where nothing was asked for.
 */
contacts: Array<Contact>, };

/**
 * Parameters of `call.decline`.
 */
export type DeclineParams = {
/**
 * The call's `id`.
 */
call: string,
/**
 * How.
 */
reason: DeclineReason, };

/**
 * How a call is declined.
 */
export type DeclineReason = "declined" | "busy";

/**
 * Parameters of `call.describe`.
 */
export type DescribeParams = {
/**
 * The call's `id`.
 */
call: string,
/**
 * The description.
 */
description: Description, };

/**
 * A session description, as `RTCSessionDescriptionInit`. It holds credentials: `Debug` shows its size only.
 */
export type Description = {
/**
 * Offer or answer.
 */
type: DescriptionKind,
/**
 * The text, at most 32 KiB.
 */
sdp: string, };

/**
 * How a description is meant.
 */
export type DescriptionKind = "offer" | "answer";

/**
 * A colleague.
 */
export type DirectoryEntry = {
/**
 * The account.
 */
userId: string,
/**
 * The name.
 */
name: string,
/**
 * The number to dial.
 */
extension: string,
/**
 * Where they work; empty for no department.
 */
department: string,
/**
 * Their picture: a path on the server, which needs no sign-in and changes with the picture.
 */
photo?: string,
/**
 * Presence.
 */
presence: PresenceState,
/**
 * What they say they do.
 */
activity?: Activity,
/**
 * The same in their own words.
 */
note?: string,
/**
 * Until when they said so, Unix time in milliseconds.
 */
until?: number,
/**
 * Whether the only devices they could be reached at are pages that may play no sound yet.
 */
cannotRing?: boolean, };

/**
 * Parameters of `call.dtmf`.
 */
export type DtmfParams = {
/**
 * The call's `id`.
 */
call: string,
/**
 * 1 to 32 of `0-9 * # A-D`.
 */
digits: string, };

/**
 * No parameters, or no result.
 */
export type Empty = Record<symbol, never>;

/**
 * Who ended a call, seen from the user.
 */
export type EndedBy = "local" | "remote" | "server";

/**
 * What kind of error it is; the wire name is kebab-case.
 */
export type ErrorCode = "bad-request" | "too-large" | "unknown-method" | "not-authenticated" | "bad-credentials" | "forbidden" | "session-expired" | "rate-limited" | "no-such-call" | "wrong-state" | "not-acceptable" | "switch-unavailable" | "internal";

/**
 * An error: `{"code": …, "name": …, "message": …, "causes": […], "solutions": […], "fatal": false}`.
 */
export type ErrorInfo = {
/**
 * A stable number: 4000 + the place in [`ErrorCode`].
 */
code: number,
/**
 * The kind.
 */
name: ErrorCode,
/**
 * What is wrong, in one sentence.
 */
message: string,
/**
 * What may have led to it.
 */
causes: Array<string>,
/**
 * What to do about it.
 */
solutions: Array<string>,
/**
 * Whether the connection or session is over.
 */
fatal: boolean, };

/**
 * Parameters of `directory.favourite`.
 */
export type FavouriteParams = {
/**
 * The account.
 */
user: string,
/**
 * Whether it is among the user's favourites.
 */
on: boolean, };

/**
 * A kept file: `GET /api/v1/files/{id}` gives its bytes.
 */
export type FileInfo = {
/**
 * Names it.
 */
id: string,
/**
 * What its sender calls it.
 */
name: string,
/**
 * What it is, as its first bytes say: `application/octet-stream` where they say nothing.
 */
mediaType: string,
/**
 * How long it is, in bytes; 0 where it was kept for as long as files are, and is gone.
 */
size: number, };

/**
 * Result of `file.link` and `file.place`: an address that needs no token for a while.
 */
export type FileLink = {
/**
 * The path on the server, with what opens it. `file.place`: `&name=…` is appended, and the file is its POST's body.
 */
path: string,
/**
 * For how long, in seconds.
 */
expiresIn: number, };

/**
 * Parameters of `file.link`.
 */
export type FileParams = {
/**
 * The file.
 */
file: string, };

/**
 * Changes of forwards: what is left out stays, null switches one off.
 */
export type ForwardChange = {
/**
 * Every call.
 */
always?: string | null,
/**
 * While the user is busy or does not want to be disturbed.
 */
busy?: string | null,
/**
 * When nobody answers.
 */
noAnswer?: string | null,
/**
 * While no device is reachable.
 */
offline?: string | null, };

/**
 * Where calls go instead, each a number as it would be dialled; null where they do not.
 */
export type ForwardSettings = {
/**
 * Every call.
 */
always: string | null,
/**
 * While the user is busy or does not want to be disturbed.
 */
busy: string | null,
/**
 * When nobody answers.
 */
noAnswer: string | null,
/**
 * While no device is reachable.
 */
offline: string | null, };

/**
 * Parameters of `hello`: exactly one of `token` and `ticket`.
 */
export type HelloParams = {
/**
 * An access token of `POST /api/v1/login`.
 */
token?: string,
/**
 * A one-time ticket of `POST /api/v1/ticket`, valid 60 s.
 */
ticket?: string,
/**
 * What connects.
 */
client: ClientInfo, };

/**
 * A finished call of the user's.
 */
export type HistoryEntry = {
/**
 * The call.
 */
callId: string,
/**
 * In or out.
 */
direction: CallDirection,
/**
 * The other side.
 */
peer: PeerInfo,
/**
 * When it began, Unix time in milliseconds.
 */
startedAt: number,
/**
 * When it was answered.
 */
answeredAt: number | null,
/**
 * When it ended.
 */
endedAt: number,
/**
 * Why it ended: an `EndReason` name.
 */
reason: string,
/**
 * What became of it for this user.
 */
outcome: CallOutcome,
/**
 * How good the audio of the user's device was; null for a call without audio.
 */
quality: CallQuality | null, };

/**
 * Parameters of `history.list`.
 */
export type HistoryParams = {
/**
 * The cursor of the page before; none for the first page.
 */
cursor?: string,
/**
 * 1 to 100, 50 if left out.
 */
limit?: number,
/**
 * Only calls that came to this.
 */
outcome?: CallOutcome, };

/**
 * Result of `history.list`.
 */
export type HistoryResult = {
/**
 * Finished calls, newest first.
 */
entries: Array<HistoryEntry>,
/**
 * For the next page; none at the end.
 */
cursor?: string, };

/**
 * As `RTCIceServer`.
 */
export type IceServer = {
/**
 * Where.
 */
urls: Array<string>,
/**
 * User name, for TURN.
 */
username?: string,
/**
 * Password, for TURN.
 */
credential?: string, };

/**
 * Result of `room.invite`.
 */
export type Invited = {
/**
 * The room.
 */
room: string,
/**
 * The invitation's `id`.
 */
invitation: string, };

/**
 * A call's id alone.
 */
export type LegParams = {
/**
 * The call's `id`.
 */
call: string, };

/**
 * Result of `POST /api/v1/login/for`.
 */
export type LoginCode = {
/**
 * For `POST /api/v1/login/token`, once.
 */
token: string,
/**
 * How long it is good for, in seconds.
 */
expiresIn: number, };

/**
 * Body of `POST /api/v1/login/for`: one of a trusted server's users.
 */
export type LoginFor = {
/**
 * The sign-in name.
 */
username: string,
/**
 * The name others see; for an account that is made.
 */
name?: string,
/**
 * The number others dial; for an account that is made.
 */
extension?: string,
/**
 * Where they work; for an account that is made.
 */
department?: string, };

/**
 * Body of `POST /api/v1/login`.
 */
export type LoginRequest = {
/**
 * The sign-in name.
 */
username: string,
/**
 * The password.
 */
password: string, };

/**
 * The own mailbox.
 */
export type Mailbox = {
/**
 * Its messages, oldest first.
 */
messages: Array<VoicemailMessage>,
/**
 * How many nobody has listened to.
 */
new: number,
/**
 * How many are left.
 */
saved: number, };

/**
 * Who signed in.
 */
export type Me = {
/**
 * The account.
 */
userId: string,
/**
 * The sign-in name.
 */
username: string,
/**
 * The name others see.
 */
name: string,
/**
 * The number others dial; null for an account without a telephone.
 */
extension: string | null,
/**
 * What the account may do.
 */
role: Role, };

/**
 * Parameters of `call.merge`.
 */
export type MergeParams = {
/**
 * The `id` of the call that goes on, in a conference room.
 */
call: string,
/**
 * The `id` of the user's other call, whose other side comes along. It ends.
 */
other: string, };

/**
 * Parameters of `call.mute`.
 */
export type MuteParams = {
/**
 * The call's `id`.
 */
call: string,
/**
 * Whether the user is muted.
 */
muted: boolean, };

/**
 * Body of `POST /api/v1/oidc/redeem`.
 */
export type OidcRedeem = {
/**
 * What the window handed over.
 */
code: string,
/**
 * The secret the page made at the beginning.
 */
verifier: string, };

/**
 * Parameters of `call.originate`.
 */
export type OriginateParams = {
/**
 * A number or feature code, at most 64 characters.
 */
to: string,
/**
 * Whether the user's devices are asked to answer by themselves.
 */
autoAnswer: boolean,
/**
 * Data that travels to both sides; at most 32 entries, 4 KiB together.
 */
variables: { [key in string]: string }, };

/**
 * Result of `call.originate`.
 */
export type Originated = {
/**
 * The same on both sides and in history.
 */
callId: string, };

/**
 * Parameters of `call.park`.
 */
export type ParkParams = {
/**
 * The call's `id`.
 */
call: string,
/**
 * The slot; the next free one if left out.
 */
slot?: number, };

/**
 * Somebody who waits on a parking slot. Everybody in the company sees them, for anybody may take the call.
 */
export type ParkedCall = {
/**
 * Dialling it takes the call.
 */
slot: number,
/**
 * Who waits.
 */
party: PeerInfo,
/**
 * Who parked them, and gets them back in the end.
 */
by: PeerInfo,
/**
 * Until when they wait, Unix time in milliseconds.
 */
until: number, };

/**
 * The other side.
 */
export type PeerInfo = {
/**
 * The account; null for a service or an unknown number.
 */
userId: string | null,
/**
 * The number.
 */
number: string,
/**
 * The name, empty where there is none.
 */
name: string, };

/**
 * Parameters of `directory.photo`.
 */
export type PhotoParams = {
/**
 * A picture of the user's own that was sent to the place of `file.place` and not used yet, at most 512 KiB; null
 * takes their photo away.
 */
file: string | null, };

/**
 * Somebody's presence as it is.
 */
export type PresenceEntry = {
/**
 * The account.
 */
userId: string,
/**
 * The presence.
 */
presence: PresenceState,
/**
 * What they say they do.
 */
activity?: Activity,
/**
 * The same in their own words.
 */
note?: string,
/**
 * Until when they said so, Unix time in milliseconds.
 */
until?: number,
/**
 * Whether the only devices they could be reached at are pages that may play no sound yet.
 */
cannotRing?: boolean, };

/**
 * Parameters of `presence.set`: what the user says of themselves, until they say something else.
 */
export type PresenceParams = {
/**
 * What they do; left out: nothing in particular, they are ready.
 */
activity?: Activity,
/**
 * In their own words, at most 256 bytes.
 */
note?: string,
/**
 * Until when, Unix time in milliseconds; at most a year ahead. Then nothing is said any more.
 */
until?: number, };

/**
 * Whether somebody can be reached.
 */
export type PresenceState = "offline" | "asleep" | "online" | "ringing" | "on-call";

/**
 * Every REST error, as `application/problem+json` (RFC 9457).
 */
export type Problem = {
/**
 * `urn:ringdown:problem:` and the kind, such as `bad-credentials`.
 */
type: string,
/**
 * The kind in words.
 */
title: string,
/**
 * The HTTP status.
 */
status: number,
/**
 * What is wrong here.
 */
detail: string,
/**
 * What to do about it.
 */
solutions: Array<string>, };

/**
 * A push: `{"seq": 12, "event": "presence", "data": {…}}`. `seq` grows by one within a session; pushes with
 * `seq` 0 (`ping`, `call.quality`) are not counted and not replayed.
 */
export type PushFrame = {
/**
 * Its number.
 */
seq: number, } & ({ "event": "ping", "data": Record<symbol, never> } | { "event": "presence", "data": {
/**
 * The changes.
 */
entries: Array<PresenceEntry>, } } | { "event": "directory.changed", "data": {
/**
 * New and changed people.
 */
entries: Array<DirectoryEntry>,
/**
 * Accounts that are gone.
 */
removed: Array<string>,
/**
 * Whether the session knows everybody: as `directoryComplete` of the state.
 */
complete: boolean, } } | { "event": "call.incoming", "data": {
/**
 * The call.
 */
call: CallInfo,
/**
 * The server's offer.
 */
description: Description,
/**
 * Whether the device is asked to answer by itself: an intercom call, or one its user asked for.
 */
autoAnswer: boolean, } } | { "event": "call.state", "data": {
/**
 * The call as it is.
 */
call: CallInfo, } } | { "event": "call.description", "data": {
/**
 * The call's `id`.
 */
call: string,
/**
 * The description.
 */
description: Description, } } | { "event": "call.candidate", "data": {
/**
 * The call's `id`.
 */
call: string,
/**
 * The candidate; null at the end of candidates.
 */
candidate: string | null, } } | { "event": "call.dtmf", "data": {
/**
 * The call's `id`.
 */
call: string,
/**
 * The key.
 */
digit: string, } } | { "event": "call.quality", "data": {
/**
 * The call's `id`.
 */
call: string,
/**
 * Its quality.
 */
quality: CallQuality, } } | { "event": "call.ended", "data": {
/**
 * The call as it last was.
 */
call: CallInfo,
/**
 * Why: an `EndReason` name such as `hangup`, `busy`, `answered-elsewhere`.
 */
reason: string,
/**
 * Who ended it.
 */
by: EndedBy,
/**
 * The Q.850 cause value.
 */
code: number,
/**
 * How long it was answered, in milliseconds; 0 if never.
 */
durationMs: number, } } | { "event": "calls", "data": {
/**
 * The calls.
 */
calls: Array<CallInfo>, } } | { "event": "room", "data": {
/**
 * The room as it is.
 */
room: RoomState, } } | { "event": "room.talking", "data": {
/**
 * The room.
 */
room: string,
/**
 * The member's `id`.
 */
member: string,
/**
 * Whether it talks.
 */
isTalking: boolean, } } | { "event": "room.invitation", "data": {
/**
 * The room.
 */
room: string,
/**
 * The invitation as it was last.
 */
invitation: RoomInvitation,
/**
 * Why: an `EndReason` name such as `declined`, `busy`, `no-answer`, `cancelled`.
 */
reason: string, } } | { "event": "parked", "data": {
/**
 * Everybody who waits.
 */
calls: Array<ParkedCall>, } } | { "event": "completion", "data": {
/**
 * Who was busy.
 */
peer: PeerInfo,
/**
 * What became of it.
 */
state: CompletionState, } } | { "event": "switch", "data": {
/**
 * Whether calls can be placed.
 */
up: boolean, } } | { "event": "tones", "data": {
/**
 * The tones from now on.
 */
tones: CallTones, } } | { "event": "settings", "data": {
/**
 * The settings as they are.
 */
settings: Settings, } } | { "event": "token.expiring", "data": {
/**
 * In how many seconds.
 */
seconds: number, } } | { "event": "favourites", "data": {
/**
 * Accounts, in the order they were taken in.
 */
users: Array<string>, } } | { "event": "history", "data": {
/**
 * The call, newest of the history; null where none was added.
 */
entry: HistoryEntry | null,
/**
 * Missed calls the user has not seen.
 */
missed: number, } } | { "event": "voicemail", "data": {
/**
 * How many there are.
 */
count: VoicemailCount, } } | { "event": "chat.message", "data": {
/**
 * The message as it is.
 */
message: ChatMessage, } } | { "event": "chat.conversation", "data": {
/**
 * As it is.
 */
opened: ChatOpened, } } | { "event": "chat.gone", "data": {
/**
 * The conversation.
 */
conversation: string, } } | { "event": "chat.marks", "data": {
/**
 * The conversation.
 */
conversation: string,
/**
 * The member's account.
 */
userId: string,
/**
 * Messages up to this number reached one of their devices.
 */
delivered: number,
/**
 * Messages up to this number they have read.
 */
read: number, } } | { "event": "chat.typing", "data": {
/**
 * The conversation.
 */
conversation: string,
/**
 * The member.
 */
from: PeerInfo, } } | { "event": "chat.blocked", "data": {
/**
 * All accounts the user takes none from.
 */
users: Array<string>, } });

/**
 * What is wrong.
 */
export type QualityIssue = "no-audio" | "one-way-audio" | "silent-microphone" | "loss" | "jitter" | "delay" | "low-score";

/**
 * Something that is wrong with a call's audio.
 */
export type QualityWarning = {
/**
 * What is wrong.
 */
issue: QualityIssue,
/**
 * Whose device's audio it is about.
 */
side: CallSide,
/**
 * Which way.
 */
way: AudioWay, };

/**
 * Parameters of `call.record`.
 */
export type RecordParams = {
/**
 * The call's `id`.
 */
call: string,
/**
 * What of it: both sides as one if left out, `split` for a channel for each, `said` for the user's own side alone.
 */
tracks?: "mixed" | "split" | "said",
/**
 * What the file is: `ogg` (Opus) if left out, or `wav`.
 */
format?: "ogg" | "wav", };

/**
 * Result of `call.record`.
 */
export type RecordingStarted = {
/**
 * The recording, as `/api/v1/recordings` knows it.
 */
recording: string, };

/**
 * Body of `POST /api/v1/refresh` and `POST /api/v1/logout`.
 */
export type RefreshRequest = {
/**
 * The newest refresh token. Each is good for one refresh; using one twice ends the whole sign-in.
 */
refreshToken: string, };

/**
 * A client's request: `{"id": 7, "method": "call.hangup", "params": {…}}`.
 */
export type Request = {
/**
 * Names the request in its response; the client counts up.
 */
id: number, } & ({ "method": "hello", "params": HelloParams } | { "method": "resume", "params": ResumeParams } | { "method": "ping", "params": Empty } | { "method": "bye", "params": Empty } | { "method": "directory.search", "params": SearchParams } | { "method": "history.list", "params": HistoryParams } | { "method": "settings.get", "params": Empty } | { "method": "settings.set", "params": SettingsChange } | { "method": "call.start", "params": StartParams } | { "method": "call.answer", "params": AnswerParams } | { "method": "call.decline", "params": DeclineParams } | { "method": "call.hangup", "params": LegParams } | { "method": "call.hold", "params": LegParams } | { "method": "call.unhold", "params": LegParams } | { "method": "call.mute", "params": MuteParams } | { "method": "call.dtmf", "params": DtmfParams } | { "method": "call.describe", "params": DescribeParams } | { "method": "call.candidate", "params": CandidateParams } | { "method": "call.transfer", "params": TransferParams } | { "method": "call.complete", "params": CompleteParams } | { "method": "call.merge", "params": MergeParams } | { "method": "room.mute", "params": RoomMuteParams } | { "method": "room.gain", "params": RoomGainParams } | { "method": "room.remove", "params": RoomRemoveParams } | { "method": "room.lock", "params": RoomLockParams } | { "method": "room.invite", "params": RoomInviteParams } | { "method": "room.uninvite", "params": RoomUninviteParams } | { "method": "call.park", "params": ParkParams } | { "method": "call.originate", "params": OriginateParams } | { "method": "call.completion", "params": CompletionParams } | { "method": "call.record", "params": RecordParams } | { "method": "call.stopRecording", "params": StopRecordingParams } | { "method": "presence.set", "params": PresenceParams } | { "method": "presence.watch", "params": WatchParams } | { "method": "presence.unwatch", "params": WatchParams } | { "method": "presence.sound", "params": SoundParams } | { "method": "directory.favourite", "params": FavouriteParams } | { "method": "history.seen", "params": Empty } | { "method": "voicemail.list", "params": Empty } | { "method": "voicemail.mark", "params": VoicemailMarkParams } | { "method": "voicemail.delete", "params": VoicemailParams } | { "method": "voicemail.link", "params": VoicemailParams } | { "method": "session.state", "params": Empty } | { "method": "chat.list", "params": ChatListParams } | { "method": "chat.open", "params": ChatOpenParams } | { "method": "chat.create", "params": ChatCreateParams } | { "method": "chat.change", "params": ChatChangeParams } | { "method": "chat.leave", "params": ChatParams } | { "method": "chat.history", "params": ChatHistoryParams } | { "method": "chat.send", "params": ChatSendParams } | { "method": "chat.edit", "params": ChatEditParams } | { "method": "chat.delete", "params": ChatDeleteParams } | { "method": "chat.mark", "params": ChatMarkParams } | { "method": "chat.typing", "params": ChatParams } | { "method": "chat.search", "params": ChatSearchParams } | { "method": "file.link", "params": FileParams } | { "method": "file.place", "params": Empty } | { "method": "chat.react", "params": ChatReactParams } | { "method": "chat.block", "params": ChatBlockParams } | { "method": "call.reoffer", "params": LegParams } | { "method": "directory.photo", "params": PhotoParams } | { "method": "contact.search", "params": ContactSearchParams });

/**
 * The server's answer: `{"id": 7, "result": {…}}` or `{"id": 7, "error": {…}}`.
 */
export type Response = {
/**
 * The request's id; 0 where the frame had none that could be read.
 */
id: number,
/**
 * The method's result.
 */
result?: unknown,
/**
 * What went wrong.
 */
error?: ErrorInfo, };

/**
 * Parameters of `resume`.
 */
export type ResumeParams = {
/**
 * The session.
 */
session: string,
/**
 * Its secret.
 */
secret: string,
/**
 * The number of the last push the client saw.
 */
lastSeq: number, };

/**
 * Result of `resume`. Missed pushes follow one by one; where too many were missed, `state` is given instead.
 */
export type ResumeResult = {
/**
 * The number of the last push before `state`, or before the replay begins.
 */
seq: number,
/**
 * The whole state, where a replay is not possible.
 */
state?: State, };

/**
 * What an account may do.
 */
export type Role = "admin" | "user";

/**
 * Parameters of `room.gain`.
 */
export type RoomGainParams = {
/**
 * The room.
 */
room: string,
/**
 * The member: its `id`.
 */
member: string,
/**
 * How much louder the others are to hear it, in decibels: −60 (silence) to 20, 0 for as it is.
 */
decibels: number, };

/**
 * Somebody whom a room calls.
 */
export type RoomInvitation = {
/**
 * Names the invitation, for `room.uninvite`.
 */
id: string,
/**
 * Who it is, or the number that was dialled while that is not known.
 */
party: PeerInfo,
/**
 * The account of whoever invited them.
 */
by: string,
/**
 * Whether one of their devices rings.
 */
isRinging: boolean,
/**
 * Since when they are called, Unix time in milliseconds.
 */
since: number, };

/**
 * Parameters of `room.invite`.
 */
export type RoomInviteParams = {
/**
 * The `id` of the user's call: in a room, or with one other side, of which a room is made.
 */
call: string,
/**
 * Whom the room calls: a number, at most 64 characters.
 */
to: string, };

/**
 * Parameters of `room.lock`.
 */
export type RoomLockParams = {
/**
 * The room.
 */
room: string,
/**
 * Whether only moderators may enter.
 */
locked: boolean, };

/**
 * Somebody in a room.
 */
export type RoomMember = {
/**
 * Names the member; the `id` of the call if it is the user's own.
 */
id: string,
/**
 * Who it is.
 */
party: PeerInfo,
/**
 * Whether it may mute and remove others, set how loud they are and lock the room.
 */
isModerator: boolean,
/**
 * Whether the others do not hear it.
 */
isMuted: boolean,
/**
 * Whether that is a moderator's doing, which the member cannot undo.
 */
isSilenced: boolean,
/**
 * How much louder the others hear it than it is, in decibels.
 */
gain: number,
/**
 * Since when it is there, Unix time in milliseconds.
 */
since: number, };

/**
 * Parameters of `room.mute`.
 */
export type RoomMuteParams = {
/**
 * The room.
 */
room: string,
/**
 * The member: its `id`.
 */
member: string,
/**
 * Whether the others are not to hear it.
 */
muted: boolean, };

/**
 * Parameters of `room.remove`.
 */
export type RoomRemoveParams = {
/**
 * The room.
 */
room: string,
/**
 * The member: its `id`.
 */
member: string, };

/**
 * A conference room with somebody in it; its members are told of it. One without members is over.
 */
export type RoomState = {
/**
 * The room.
 */
room: string,
/**
 * The number that reaches it; empty for one that merging calls made.
 */
number: string,
/**
 * Whether only moderators may enter.
 */
isLocked: boolean,
/**
 * Who is in it, in the order they came.
 */
members: Array<RoomMember>,
/**
 * Who was invited and has not answered yet.
 */
invited: Array<RoomInvitation>, };

/**
 * Parameters of `room.uninvite`.
 */
export type RoomUninviteParams = {
/**
 * The room.
 */
room: string,
/**
 * The invitation's `id`.
 */
invitation: string, };

/**
 * Parameters of `directory.search`.
 */
export type SearchParams = {
/**
 * Parts of a name, a number or a department, at most 64 characters; each word of it must be found. Case, accents
 * and, in longer words, a wrong letter do not matter.
 */
query: string, };

/**
 * Result of `directory.search`.
 */
export type SearchResult = {
/**
 * At most 50 people, best match first.
 */
entries: Array<DirectoryEntry>, };

/**
 * What a user decides themselves, by a telephone's feature code, in the browser, or with an admin's help.
 */
export type Settings = {
/**
 * Callers hear busy, or go where calls go while the user is busy.
 */
doNotDisturb: boolean,
/**
 * Whether a second call rings while the user talks.
 */
callWaiting: boolean,
/**
 * Where calls go instead.
 */
forward: ForwardSettings,
/**
 * Users with the same group can pick up each other's calls.
 */
pickupGroup: string | null,
/**
 * Whether messages are taken.
 */
voicemail: boolean,
/**
 * Whether the voicemail has a PIN; what it is, nobody learns.
 */
hasVoicemailPin: boolean, };

/**
 * Changes of settings: what is left out stays, null takes a value away.
 */
export type SettingsChange = {
/**
 * Callers hear busy, or go where calls go while the user is busy.
 */
doNotDisturb?: boolean,
/**
 * Whether a second call rings while the user talks.
 */
callWaiting?: boolean,
/**
 * Where calls go instead.
 */
forward?: ForwardChange,
/**
 * 1 to 32 characters; admins alone change it.
 */
pickupGroup?: string | null,
/**
 * Whether messages are taken.
 */
voicemail?: boolean,
/**
 * 4 to 12 digits.
 */
voicemailPin?: string | null, };

/**
 * Result of `GET /api/v1/sign-in`.
 */
export type SignInMethods = {
/**
 * Whether a name and a password do.
 */
password: boolean,
/**
 * OpenID providers.
 */
providers: Array<SignInProvider>, };

/**
 * An OpenID provider.
 */
export type SignInProvider = {
/**
 * Its name in paths.
 */
id: string,
/**
 * What its button says.
 */
title: string, };

/**
 * Result of `call.park`.
 */
export type Slot = {
/**
 * The number that takes the parked side back.
 */
slot: number, };

/**
 * Parameters of `presence.sound`.
 */
export type SoundParams = {
/**
 * Whether the browser plays no sound yet, because nobody touched the page: a call would ring into silence.
 */
locked: boolean, };

/**
 * Parameters of `call.start`.
 */
export type StartParams = {
/**
 * A number or feature code, at most 64 characters.
 */
to: string,
/**
 * The client's offer.
 */
description: Description,
/**
 * Data that travels to the other side; at most 32 entries, 4 KiB together.
 */
variables: { [key in string]: string }, };

/**
 * Everything a client shows, as of one push number.
 */
export type State = {
/**
 * Colleagues with their presence, sorted by name; the user too. In a company of more than 500 these are the
 * user's favourites, those they spoke to lately and their own department, 200 at most.
 */
directory: Array<DirectoryEntry>,
/**
 * Whether `directory` is everybody. The others are found by `directory.search` and kept current by
 * `presence.watch`.
 */
directoryComplete: boolean,
/**
 * The user's favourites: accounts, in the order they were taken in.
 */
favourites: Array<string>,
/**
 * Missed calls the user has not seen.
 */
missed: number,
/**
 * The user's mailbox.
 */
voicemail: VoicemailCount,
/**
 * The user's live calls, on any device.
 */
calls: Array<CallInfo>,
/**
 * Whether `calls` is all of them. The app server was just started and the softswitches have not told their calls
 * yet: a call that is missing here goes on, and `calls` follows.
 */
callsComplete: boolean,
/**
 * The conference rooms the user is in.
 */
rooms: Array<RoomState>,
/**
 * Who waits on which parking slot.
 */
parked: Array<ParkedCall>,
/**
 * Whether calls can be placed: the app server has a softswitch.
 */
switchUp: boolean,
/**
 * What a caller hears whose call was not answered.
 */
tones: CallTones, };

/**
 * Parameters of `call.stopRecording`.
 */
export type StopRecordingParams = {
/**
 * The call's `id`.
 */
call: string,
/**
 * What `call.record` began.
 */
recording: string, };

/**
 * Result of `POST /api/v1/ticket`.
 */
export type Ticket = {
/**
 * Good for one `hello`.
 */
ticket: string,
/**
 * How long it is valid, in seconds.
 */
expiresIn: number, };

/**
 * Body of `POST /api/v1/login/token`.
 */
export type TokenLogin = {
/**
 * A token that a trusted issuer signed, or a code of `POST /api/v1/login/for`.
 */
token: string, };

/**
 * Result of `POST /api/v1/login` and `POST /api/v1/refresh`.
 */
export type Tokens = {
/**
 * Goes into `Authorization: Bearer` and into `hello`.
 */
accessToken: string,
/**
 * How long the access token is valid, in seconds.
 */
expiresIn: number,
/**
 * For the next `POST /api/v1/refresh`.
 */
refreshToken: string,
/**
 * Who signed in.
 */
me: Me, };

/**
 * Parameters of `call.transfer`.
 */
export type TransferParams = {
/**
 * The call's `id`.
 */
call: string,
/**
 * Whom the other side is handed on to: a number or feature code, at most 64 characters.
 */
to: string, };

/**
 * How many messages there are.
 */
export type VoicemailCount = {
/**
 * Those nobody has listened to.
 */
new: number,
/**
 * The others.
 */
saved: number, };

/**
 * Result of `voicemail.link`.
 */
export type VoicemailLink = {
/**
 * Where the message's sound is as a WAV file, for an `<audio>` element: a path on the server that needs no
 * sign-in.
 */
path: string,
/**
 * How long it is good, in seconds.
 */
expiresIn: number, };

/**
 * Parameters of `voicemail.mark`.
 */
export type VoicemailMarkParams = {
/**
 * The message.
 */
message: string,
/**
 * Whether it counts as listened to.
 */
isHeard: boolean, };

/**
 * A message in the own mailbox.
 */
export type VoicemailMessage = {
/**
 * The message.
 */
id: string,
/**
 * Who left it.
 */
from: PeerInfo,
/**
 * When, Unix time in milliseconds.
 */
receivedAt: number,
/**
 * How long it is, in milliseconds.
 */
durationMs: number,
/**
 * Whether it was listened to, or marked so.
 */
isHeard: boolean, };

/**
 * Parameters of `voicemail.delete`.
 */
export type VoicemailParams = {
/**
 * The message.
 */
message: string, };

/**
 * Parameters of `presence.watch` and `presence.unwatch`.
 */
export type WatchParams = {
/**
 * Accounts, at most 500.
 */
users: Array<string>, };

/**
 * Result of `presence.watch`.
 */
export type WatchResult = {
/**
 * Those of them who are in the directory, as they are.
 */
entries: Array<DirectoryEntry>, };

/**
 * Result of `hello`.
 */
export type Welcome = {
/**
 * The session, for `resume`.
 */
session: string,
/**
 * Its secret, for `resume`. Kept by the client alone.
 */
secret: string,
/**
 * Who signed in.
 */
me: Me,
/**
 * The number of the last push before the state.
 */
seq: number,
/**
 * Everything the client shows.
 */
state: State,
/**
 * The server's version.
 */
serverVersion: string,
/**
 * STUN and TURN servers; normally empty, the media server is reachable by itself.
 */
iceServers: Array<IceServer>,
/**
 * The client pings this often, in milliseconds.
 */
pingIntervalMs: number,
/**
 * How long the session and its calls wait for a `resume` after the connection is lost, in milliseconds.
 */
resumeWindowMs: number, };

/**
 * The result of each method.
 */
export type Results = {
  "hello": Welcome;
  "resume": ResumeResult;
  "ping": Empty;
  "bye": Empty;
  "directory.search": SearchResult;
  "history.list": HistoryResult;
  "settings.get": Settings;
  "settings.set": Settings;
  "call.start": CallStarted;
  "call.answer": Empty;
  "call.decline": Empty;
  "call.hangup": Empty;
  "call.hold": Empty;
  "call.unhold": Empty;
  "call.mute": Empty;
  "call.dtmf": Empty;
  "call.describe": Empty;
  "call.candidate": Empty;
  "call.transfer": Empty;
  "call.complete": Empty;
  "call.merge": Empty;
  "room.mute": Empty;
  "room.gain": Empty;
  "room.remove": Empty;
  "room.lock": Empty;
  "room.invite": Invited;
  "room.uninvite": Empty;
  "call.park": Slot;
  "call.originate": Originated;
  "call.completion": Empty;
  "call.record": RecordingStarted;
  "call.stopRecording": Empty;
  "presence.set": Empty;
  "presence.watch": WatchResult;
  "presence.unwatch": Empty;
  "presence.sound": Empty;
  "directory.favourite": Empty;
  "history.seen": Empty;
  "voicemail.list": Mailbox;
  "voicemail.mark": Empty;
  "voicemail.delete": Empty;
  "voicemail.link": VoicemailLink;
  "session.state": Welcome;
  "chat.list": ChatList;
  "chat.open": ChatOpened;
  "chat.create": ChatOpened;
  "chat.change": ChatOpened;
  "chat.leave": Empty;
  "chat.history": ChatHistory;
  "chat.send": ChatSent;
  "chat.edit": ChatSent;
  "chat.delete": ChatSent;
  "chat.mark": Empty;
  "chat.typing": Empty;
  "chat.search": ChatFound;
  "file.link": FileLink;
  "file.place": FileLink;
  "chat.react": ChatSent;
  "chat.block": Empty;
  "call.reoffer": Empty;
  "directory.photo": Empty;
  "contact.search": ContactSearchResult;
};
