//! What a client can ask, and what it gets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    CallInfo, CallOutcome, ChatBlockParams, ChatChangeParams, ChatCreateParams, ChatDeleteParams,
    ChatEditParams, ChatHistoryParams, ChatListParams, ChatMarkParams, ChatOpenParams, ChatParams,
    ChatReactParams, ChatSearchParams, ChatSendParams, CompleteParams, CompletionParams, ContactSearchParams,
    Description, DirectoryEntry, DirectoryText, FavouriteParams, FileParams, HistoryEntry, Me, MergeParams,
    OriginateParams, ParkParams, ParkedCall, PhotoParams, PresenceParams, RecordParams, RoomGainParams,
    RoomInviteParams, RoomLockParams, RoomMuteParams, RoomRemoveParams, RoomState, RoomUninviteParams,
    SettingsChange, SoundParams, StopRecordingParams, TransferParams, VoicemailCount, VoicemailMarkParams,
    VoicemailParams, WatchParams,
};

/// A method with its parameters. Ids are 32 hexadecimal digits.
///
/// Until `hello` or `resume` succeeded every other method is refused, and a connection that has not managed it
/// within 5 s is closed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "method", content = "params")]
pub enum Method {
    /// Signs in and starts a session. Result: [`Welcome`].
    #[serde(rename = "hello")]
    Hello(HelloParams),
    /// Goes on with a session on a new connection. Result: [`ResumeResult`].
    #[serde(rename = "resume")]
    Resume(ResumeParams),
    /// Shows that the client lives. Result: [`Empty`].
    #[serde(rename = "ping")]
    Ping(Empty),
    /// Ends the session: its unanswered legs are declined elsewhere, answered ones hung up. Result: [`Empty`].
    #[serde(rename = "bye")]
    Bye(Empty),
    /// Finds people by name, number or department. Result: [`SearchResult`].
    #[serde(rename = "directory.search")]
    DirectorySearch(SearchParams),
    /// The user's finished calls, newest first. Result: [`HistoryResult`].
    #[serde(rename = "history.list")]
    HistoryList(HistoryParams),
    /// The user's own settings. Result: [`crate::Settings`].
    #[serde(rename = "settings.get")]
    SettingsGet(Empty),
    /// Changes the user's own settings. Result: [`crate::Settings`]; every session of the user gets a `settings` push.
    #[serde(rename = "settings.set")]
    SettingsSet(SettingsChange),
    /// Places a call. Result: [`CallStarted`]; the answer comes as a `call.description` push.
    #[serde(rename = "call.start")]
    CallStart(StartParams),
    /// Answers a ringing call. Result: [`Empty`].
    #[serde(rename = "call.answer")]
    CallAnswer(AnswerParams),
    /// Refuses a ringing call on all of the user's devices. Result: [`Empty`].
    #[serde(rename = "call.decline")]
    CallDecline(DeclineParams),
    /// Ends a call in any state. Result: [`Empty`].
    #[serde(rename = "call.hangup")]
    CallHangup(LegParams),
    /// Puts the other side on hold. Result: [`Empty`].
    #[serde(rename = "call.hold")]
    CallHold(LegParams),
    /// Takes the other side back. Result: [`Empty`].
    #[serde(rename = "call.unhold")]
    CallUnhold(LegParams),
    /// Mutes at the switch, in addition to the client's own mute. Result: [`Empty`].
    #[serde(rename = "call.mute")]
    CallMute(MuteParams),
    /// Sends digits. Result: [`Empty`].
    #[serde(rename = "call.dtmf")]
    CallDtmf(DtmfParams),
    /// Gives a description: an answer to the server's offer (also ahead of `call.answer`, so that media is connected
    /// before the user answers), or a new offer (ICE restart), whose answer comes as a `call.description` push.
    /// Result: [`Empty`].
    #[serde(rename = "call.describe")]
    CallDescribe(DescribeParams),
    /// Gives a candidate. Result: [`Empty`].
    #[serde(rename = "call.candidate")]
    CallCandidate(CandidateParams),
    /// Hands the other side on to somebody; the call ends `transferred`. Whoever takes nobody gets it back. Result:
    /// [`Empty`].
    #[serde(rename = "call.transfer")]
    CallTransfer(TransferParams),
    /// Joins the other sides of two calls of the user; both calls end `transferred`. Result: [`Empty`].
    #[serde(rename = "call.complete")]
    CallComplete(CompleteParams),
    /// Makes a conference of two calls of the user: the first goes on in it, the second ends. Result: [`Empty`].
    #[serde(rename = "call.merge")]
    CallMerge(MergeParams),
    /// Mutes a member of a room the user is in: the user themselves, or anybody for a moderator. Result: [`Empty`].
    #[serde(rename = "room.mute")]
    RoomMute(RoomMuteParams),
    /// Makes a member of a room the user moderates louder or softer for the others. Result: [`Empty`].
    #[serde(rename = "room.gain")]
    RoomGain(RoomGainParams),
    /// Takes a member out of a room the user moderates. Result: [`Empty`].
    #[serde(rename = "room.remove")]
    RoomRemove(RoomRemoveParams),
    /// Locks a room the user moderates, or opens it. Result: [`Empty`].
    #[serde(rename = "room.lock")]
    RoomLock(RoomLockParams),
    /// Calls somebody who comes into the room by answering; of a call with one other side a room is made first. How it
    /// goes is told by `room`, that they do not come by `room.invitation`. Result: [`Invited`](crate::Invited).
    #[serde(rename = "room.invite")]
    RoomInvite(RoomInviteParams),
    /// Takes an invitation back: the user's own, or anybody's for a moderator. Result: [`Empty`].
    #[serde(rename = "room.uninvite")]
    RoomUninvite(RoomUninviteParams),
    /// Parks the other side; the call ends `parked`. Result: [`Slot`](crate::Slot).
    #[serde(rename = "call.park")]
    CallPark(ParkParams),
    /// Rings the user's own devices and then calls. Result: [`Originated`](crate::Originated).
    #[serde(rename = "call.originate")]
    CallOriginate(OriginateParams),
    /// The user wants to be rung once the person they last found busy is free, or wants it no more. Result: [`Empty`].
    #[serde(rename = "call.completion")]
    CallCompletion(CompletionParams),
    /// Records the user's call until it ends. Result: [`RecordingStarted`](crate::RecordingStarted).
    #[serde(rename = "call.record")]
    CallRecord(RecordParams),
    /// Ends a recording. Result: [`Empty`].
    #[serde(rename = "call.stopRecording")]
    CallStopRecording(StopRecordingParams),
    /// Says what the user does. Colleagues and their telephones see it. Result: [`Empty`].
    #[serde(rename = "presence.set")]
    PresenceSet(PresenceParams),

    // People: presence, favourites, history, voicemail.
    /// Tells the session the presence and changes of these people too. Result: [`WatchResult`](crate::WatchResult).
    #[serde(rename = "presence.watch")]
    PresenceWatch(WatchParams),
    /// Tells the session no more of these people, unless it knew them from the start. Result: [`Empty`].
    #[serde(rename = "presence.unwatch")]
    PresenceUnwatch(WatchParams),
    /// Tells whether the page may play sound. Result: [`Empty`].
    #[serde(rename = "presence.sound")]
    PresenceSound(SoundParams),
    /// Takes somebody among the user's favourites or out of them. Result: [`Empty`]; every session of the user gets
    /// a `favourites` push.
    #[serde(rename = "directory.favourite")]
    DirectoryFavourite(FavouriteParams),
    /// The user has seen the missed calls. Result: [`Empty`]; every session of the user gets a `history` push.
    #[serde(rename = "history.seen")]
    HistorySeen(Empty),
    /// The user's mailbox. Result: [`Mailbox`](crate::Mailbox).
    #[serde(rename = "voicemail.list")]
    VoicemailList(Empty),
    /// Marks a message as listened to, or as new. Result: [`Empty`].
    #[serde(rename = "voicemail.mark")]
    VoicemailMark(VoicemailMarkParams),
    /// Deletes a message. Result: [`Empty`].
    #[serde(rename = "voicemail.delete")]
    VoicemailDelete(VoicemailParams),
    /// Where a message can be listened to. Result: [`VoicemailLink`](crate::VoicemailLink).
    #[serde(rename = "voicemail.link")]
    VoicemailLink(VoicemailParams),
    /// Everything as `hello` gave it, as it is now, but the secret: for another tab that shares the session. Result:
    /// [`Welcome`].
    #[serde(rename = "session.state")]
    SessionState(Empty),
    /// The user's conversations. Result: [`ChatList`](crate::ChatList).
    #[serde(rename = "chat.list")]
    ChatList(ChatListParams),
    /// A conversation with its members; the one with a person begins if there is none. Result:
    /// [`ChatOpened`](crate::ChatOpened).
    #[serde(rename = "chat.open")]
    ChatOpen(ChatOpenParams),
    /// Makes a group. Result: [`ChatOpened`](crate::ChatOpened).
    #[serde(rename = "chat.create")]
    ChatCreate(ChatCreateParams),
    /// Changes a group's title and members. Result: [`ChatOpened`](crate::ChatOpened).
    #[serde(rename = "chat.change")]
    ChatChange(ChatChangeParams),
    /// Leaves a group or a room's conversation. Result: [`Empty`].
    #[serde(rename = "chat.leave")]
    ChatLeave(ChatParams),
    /// Messages of a conversation. Result: [`ChatHistory`](crate::ChatHistory).
    #[serde(rename = "chat.history")]
    ChatHistory(ChatHistoryParams),
    /// Writes a message. Result: [`ChatSent`](crate::ChatSent); it is kept then, and reaches every member's pages and
    /// telephones, those away too once they are back.
    #[serde(rename = "chat.send")]
    ChatSend(ChatSendParams),
    /// Changes an own message. Result: [`ChatSent`](crate::ChatSent).
    #[serde(rename = "chat.edit")]
    ChatEdit(ChatEditParams),
    /// Deletes a message and its file; that there was one stays. Result: [`ChatSent`](crate::ChatSent).
    #[serde(rename = "chat.delete")]
    ChatDelete(ChatDeleteParams),
    /// Says what reached the device and what was read. Result: [`Empty`].
    #[serde(rename = "chat.mark")]
    ChatMark(ChatMarkParams),
    /// Says that the user types: again every few seconds while they do. Result: [`Empty`].
    #[serde(rename = "chat.typing")]
    ChatTyping(ChatParams),
    /// Finds messages. Result: [`ChatFound`](crate::ChatFound).
    #[serde(rename = "chat.search")]
    ChatSearch(ChatSearchParams),
    /// Where a file is had without a token. Result: [`FileLink`](crate::FileLink).
    #[serde(rename = "file.link")]
    FileLink(FileParams),
    /// Where a file is sent to without a token. Result: [`FileLink`](crate::FileLink).
    #[serde(rename = "file.place")]
    FilePlace(Empty),
    /// Gives a message the user's sign, another one, or none. Result: [`ChatSent`](crate::ChatSent).
    #[serde(rename = "chat.react")]
    ChatReact(ChatReactParams),
    /// Takes no messages from somebody, or takes them again. Result: [`Empty`]; the user's other sessions get a
    /// `chat.blocked` push.
    #[serde(rename = "chat.block")]
    ChatBlock(ChatBlockParams),

    // Older clients.
    /// Asks for an offer of a new transport for a call the session holds: for a page that came anew and can answer offers
    /// only. It comes as a `call.description` push and is answered by `call.describe`; until then the call stays as it is.
    /// Result: [`Empty`].
    #[serde(rename = "call.reoffer")]
    CallReoffer(LegParams),

    // The user's photo, and the company's address book.
    /// Gives the user another photo, or none. Result: [`Empty`]; everybody who knows them gets `directory.changed`.
    #[serde(rename = "directory.photo")]
    DirectoryPhoto(PhotoParams),
    /// Finds people of the company's address book. Result: [`ContactSearchResult`](crate::ContactSearchResult).
    #[serde(rename = "contact.search")]
    ContactSearch(ContactSearchParams),
}

impl Method {
    /// Every method's name on the wire.
    pub const NAMES: &'static [&'static str] = &[
        "hello",
        "resume",
        "ping",
        "bye",
        "directory.search",
        "history.list",
        "settings.get",
        "settings.set",
        "call.start",
        "call.answer",
        "call.decline",
        "call.hangup",
        "call.hold",
        "call.unhold",
        "call.mute",
        "call.dtmf",
        "call.describe",
        "call.candidate",
        "call.transfer",
        "call.complete",
        "call.merge",
        "room.mute",
        "room.gain",
        "room.remove",
        "room.lock",
        "room.invite",
        "room.uninvite",
        "call.park",
        "call.originate",
        "call.completion",
        "call.record",
        "call.stopRecording",
        "presence.set",
        "presence.watch",
        "presence.unwatch",
        "presence.sound",
        "directory.favourite",
        "history.seen",
        "voicemail.list",
        "voicemail.mark",
        "voicemail.delete",
        "voicemail.link",
        "session.state",
        "chat.list",
        "chat.open",
        "chat.create",
        "chat.change",
        "chat.leave",
        "chat.history",
        "chat.send",
        "chat.edit",
        "chat.delete",
        "chat.mark",
        "chat.typing",
        "chat.search",
        "file.link",
        "file.place",
        "chat.react",
        "chat.block",
        "call.reoffer",
        "directory.photo",
        "contact.search",
    ];
}

/// No parameters, or no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
pub struct Empty {}

/// Parameters of `hello`: exactly one of `token` and `ticket`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HelloParams {
    /// An access token of `POST /api/v1/login`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub token: Option<String>,
    /// A one-time ticket of `POST /api/v1/ticket`, valid 60 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub ticket: Option<String>,
    /// What connects.
    pub client: ClientInfo,
}

/// Tokens never reach a log.
impl std::fmt::Debug for HelloParams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HelloParams").field("client", &self.client).finish_non_exhaustive()
    }
}

/// What connects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ClientInfo {
    /// A product name, at most 64 characters.
    pub name: String,
    /// Its version, at most 32 characters.
    pub version: String,
}

/// Result of `hello`.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Welcome {
    /// The session, for `resume`.
    pub session: String,
    /// Its secret, for `resume`. Kept by the client alone.
    pub secret: String,
    /// Who signed in.
    pub me: Me,
    /// The number of the last push before the state.
    #[ts(type = "number")]
    pub seq: u64,
    /// Everything the client shows.
    pub state: State,
    /// The server's version.
    pub server_version: String,
    /// STUN and TURN servers; normally empty, the media server is reachable by itself.
    pub ice_servers: Vec<IceServer>,
    /// The client pings this often, in milliseconds.
    pub ping_interval_ms: u32,
    /// How long the session and its calls wait for a `resume` after the connection is lost, in milliseconds.
    pub resume_window_ms: u32,
}

impl std::fmt::Debug for Welcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Welcome")
            .field("session", &self.session)
            .field("seq", &self.seq)
            .finish_non_exhaustive()
    }
}

/// Everything a client shows, as of one push number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// Colleagues with their presence, sorted by name; the user too. In a company of more than 500 these are the
    /// user's favourites, those they spoke to lately and their own department, 200 at most.
    #[ts(as = "Vec<DirectoryEntry>")]
    pub directory: DirectoryText,
    /// Whether `directory` is everybody. The others are found by `directory.search` and kept current by
    /// `presence.watch`.
    pub directory_complete: bool,
    /// The user's favourites: accounts, in the order they were taken in.
    pub favourites: Vec<String>,
    /// Missed calls the user has not seen.
    pub missed: u32,
    /// The user's mailbox.
    pub voicemail: VoicemailCount,
    /// The user's live calls, on any device.
    pub calls: Vec<CallInfo>,
    /// Whether `calls` is all of them. The app server was just started and the softswitches have not told their calls
    /// yet: a call that is missing here goes on, and `calls` follows.
    pub calls_complete: bool,
    /// The conference rooms the user is in.
    pub rooms: Vec<RoomState>,
    /// Who waits on which parking slot.
    pub parked: Vec<ParkedCall>,
    /// Whether calls can be placed: the app server has a softswitch.
    pub switch_up: bool,
    /// What a caller hears whose call was not answered.
    pub tones: CallTones,
}

/// What a caller hears whose call was not answered, in the tones of the installation's country. Each is a cadence as
/// ITU-T E.180's list of national tones has it, which is repeated: parts with `,` between them, each
/// `<frequencies>/<milliseconds>`. Frequencies are in Hz: `0` is silence, `480+620` sound together, `400*25` is the
/// first, its level swayed by the second. A part without a length sounds until the tone ends, and is the only one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CallTones {
    /// The other side does not want to talk now: `425/500,0/500` where the country has no other.
    pub busy: String,
    /// The call could not be put through: `425/250,0/250` where the country has no other.
    pub congestion: String,
}

/// As `RTCIceServer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct IceServer {
    /// Where.
    pub urls: Vec<String>,
    /// User name, for TURN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub username: Option<String>,
    /// Password, for TURN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub credential: Option<String>,
}

/// Parameters of `resume`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ResumeParams {
    /// The session.
    pub session: String,
    /// Its secret.
    pub secret: String,
    /// The number of the last push the client saw.
    #[ts(type = "number")]
    pub last_seq: u64,
}

impl std::fmt::Debug for ResumeParams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResumeParams").field("session", &self.session).finish_non_exhaustive()
    }
}

/// Result of `resume`. Missed pushes follow one by one; where too many were missed, `state` is given instead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ResumeResult {
    /// The number of the last push before `state`, or before the replay begins.
    #[ts(type = "number")]
    pub seq: u64,
    /// The whole state, where a replay is not possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub state: Option<State>,
}

/// Parameters of `directory.search`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SearchParams {
    /// Parts of a name, a number or a department, at most 64 characters; each word of it must be found. Case, accents
    /// and, in longer words, a wrong letter do not matter.
    pub query: String,
}

/// Result of `directory.search`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SearchResult {
    /// At most 50 people, best match first.
    pub entries: Vec<DirectoryEntry>,
}

/// Parameters of `history.list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HistoryParams {
    /// The cursor of the page before; none for the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub cursor: Option<String>,
    /// 1 to 100, 50 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub limit: Option<u32>,
    /// Only calls that came to this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub outcome: Option<CallOutcome>,
}

/// Result of `history.list`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct HistoryResult {
    /// Finished calls, newest first.
    pub entries: Vec<HistoryEntry>,
    /// For the next page; none at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub cursor: Option<String>,
}

/// Parameters of `call.start`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StartParams {
    /// A number or feature code, at most 64 characters.
    pub to: String,
    /// The client's offer.
    pub description: Description,
    /// Data that travels to the other side; at most 32 entries, 4 KiB together.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
}

/// Result of `call.start`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct CallStarted {
    /// The call as it is.
    pub call: CallInfo,
}

/// A call's id alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LegParams {
    /// The call's `id`.
    pub call: String,
}

/// Parameters of `call.answer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AnswerParams {
    /// The call's `id`.
    pub call: String,
    /// The answer to the offer of `call.incoming`, unless `call.describe` gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub description: Option<Description>,
}

/// Parameters of `call.decline`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DeclineParams {
    /// The call's `id`.
    pub call: String,
    /// How.
    #[serde(default)]
    pub reason: DeclineReason,
}

/// How a call is declined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum DeclineReason {
    /// The user does not want the call.
    #[default]
    Declined,
    /// The user is busy.
    Busy,
}

/// Parameters of `call.mute`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MuteParams {
    /// The call's `id`.
    pub call: String,
    /// Whether the user is muted.
    pub muted: bool,
}

/// Parameters of `call.dtmf`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DtmfParams {
    /// The call's `id`.
    pub call: String,
    /// 1 to 32 of `0-9 * # A-D`.
    pub digits: String,
}

/// Parameters of `call.describe`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DescribeParams {
    /// The call's `id`.
    pub call: String,
    /// The description.
    pub description: Description,
}

/// Parameters of `call.candidate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CandidateParams {
    /// The call's `id`.
    pub call: String,
    /// `candidate:…` as `RTCIceCandidate.candidate`; null at the end of candidates.
    pub candidate: Option<String>,
}
