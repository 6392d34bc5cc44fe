//! What the server says unasked.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    CallInfo, CallQuality, CallTones, ChatMessage, ChatOpened, CompletionState, Description, DirectoryEntry,
    EndedBy, HistoryEntry, ParkedCall, PeerInfo, PresenceEntry, RoomInvitation, RoomState, Settings,
    VoicemailCount,
};

/// A push: `{"seq": 12, "event": "presence", "data": {…}}`. `seq` grows by one within a session; pushes with
/// `seq` 0 (`ping`, `call.quality`) are not counted and not replayed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PushFrame {
    /// Its number.
    #[ts(type = "number")]
    pub seq: u64,
    /// What happened.
    #[serde(flatten)]
    pub push: Push,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "event", content = "data", rename_all_fields = "camelCase")]
pub enum Push {
    /// Is the client there? It answers with the method `ping`; a session silent for 70 s is shown as gone.
    #[serde(rename = "ping")]
    Ping {},
    /// Presence of one or more people changed.
    #[serde(rename = "presence")]
    Presence {
        /// The changes.
        entries: Vec<PresenceEntry>,
    },
    /// People were added, changed or removed.
    #[serde(rename = "directory.changed")]
    DirectoryChanged {
        /// New and changed people.
        entries: Vec<DirectoryEntry>,
        /// Accounts that are gone.
        removed: Vec<String>,
        /// Whether the session knows everybody: as `directoryComplete` of the state.
        complete: bool,
    },
    /// Somebody calls the user.
    #[serde(rename = "call.incoming")]
    CallIncoming {
        /// The call.
        call: CallInfo,
        /// The server's offer.
        description: Description,
        /// Whether the device is asked to answer by itself: an intercom call, or one its user asked for.
        auto_answer: bool,
    },
    /// A call changed.
    #[serde(rename = "call.state")]
    CallState {
        /// The call as it is.
        call: CallInfo,
    },
    /// A description: the answer to the client's offer, or a new offer to answer with `call.describe`.
    #[serde(rename = "call.description")]
    CallDescription {
        /// The call's `id`.
        call: String,
        /// The description.
        description: Description,
    },
    /// A candidate of the server's.
    #[serde(rename = "call.candidate")]
    CallCandidate {
        /// The call's `id`.
        call: String,
        /// The candidate; null at the end of candidates.
        candidate: Option<String>,
    },
    /// The other side pressed a key.
    #[serde(rename = "call.dtmf")]
    CallDtmf {
        /// The call's `id`.
        call: String,
        /// The key.
        digit: String,
    },
    /// How good a call's audio is: about every ten seconds while it is up, and at once when something goes wrong or is
    /// right again. It has no number: the next one says it all again.
    #[serde(rename = "call.quality")]
    CallQuality {
        /// The call's `id`.
        call: String,
        /// Its quality.
        quality: CallQuality,
    },
    /// A call is over.
    #[serde(rename = "call.ended")]
    CallEnded {
        /// The call as it last was.
        call: CallInfo,
        /// Why: an `EndReason` name such as `hangup`, `busy`, `answered-elsewhere`.
        reason: String,
        /// Who ended it.
        by: EndedBy,
        /// The Q.850 cause value.
        code: u8,
        /// How long it was answered, in milliseconds; 0 if never.
        #[ts(type = "number")]
        duration_ms: u64,
    },
    /// All of the user's live calls, after a state that had them incomplete: one that is missing is over.
    #[serde(rename = "calls")]
    Calls {
        /// The calls.
        calls: Vec<CallInfo>,
    },
    /// A room the user is in, or was, changed; one without members is over.
    #[serde(rename = "room")]
    Room {
        /// The room as it is.
        room: RoomState,
    },
    /// A member of a room the user is in begins or ceases to talk.
    #[serde(rename = "room.talking")]
    RoomTalking {
        /// The room.
        room: String,
        /// The member's `id`.
        member: String,
        /// Whether it talks.
        is_talking: bool,
    },
    /// Somebody who was invited into a room the user is in does not come.
    #[serde(rename = "room.invitation")]
    RoomInvitation {
        /// The room.
        room: String,
        /// The invitation as it was last.
        invitation: RoomInvitation,
        /// Why: an `EndReason` name such as `declined`, `busy`, `no-answer`, `cancelled`.
        reason: String,
    },
    /// Who waits on parking slots changed.
    #[serde(rename = "parked")]
    Parked {
        /// Everybody who waits.
        calls: Vec<ParkedCall>,
    },
    /// Something became of the user's wish to be rung once somebody busy is free.
    #[serde(rename = "completion")]
    Completion {
        /// Who was busy.
        peer: PeerInfo,
        /// What became of it.
        state: CompletionState,
    },
    /// The app server got or lost its softswitch. Running calls go on; new ones need it.
    #[serde(rename = "switch")]
    Switch {
        /// Whether calls can be placed.
        up: bool,
    },
    /// An admin chose the tones of another country.
    #[serde(rename = "tones")]
    Tones {
        /// The tones from now on.
        tones: CallTones,
    },
    /// The user's settings changed, by whatever means.
    #[serde(rename = "settings")]
    Settings {
        /// The settings as they are.
        settings: Settings,
    },
    /// The access token ends soon: `hello` needs a new one after the next reconnect.
    #[serde(rename = "token.expiring")]
    TokenExpiring {
        /// In how many seconds.
        #[ts(type = "number")]
        seconds: u64,
    },

    // People: favourites, history, voicemail.
    /// The user's favourites changed.
    #[serde(rename = "favourites")]
    Favourites {
        /// Accounts, in the order they were taken in.
        users: Vec<String>,
    },
    /// A call of the user's is over and in the history, or missed calls were seen.
    #[serde(rename = "history")]
    History {
        /// The call, newest of the history; null where none was added.
        entry: Option<HistoryEntry>,
        /// Missed calls the user has not seen.
        missed: u32,
    },
    /// The user's mailbox has other numbers of messages.
    #[serde(rename = "voicemail")]
    Voicemail {
        /// How many there are.
        count: VoicemailCount,
    },
    /// A message was written or changed, by whomever, in a conversation of the user. One the client does not know is
    /// asked for with `chat.open`.
    #[serde(rename = "chat.message")]
    ChatMessage {
        /// The message as it is.
        message: Box<ChatMessage>,
    },
    /// The user came into a conversation, or its title or members changed.
    #[serde(rename = "chat.conversation")]
    ChatConversation {
        /// As it is.
        opened: Box<ChatOpened>,
    },
    /// The user is no longer in a conversation.
    #[serde(rename = "chat.gone")]
    ChatGone {
        /// The conversation.
        conversation: String,
    },
    /// Messages reached a member of a conversation, or were read by them; the user too, on another device. Not told in
    /// conversations of more than 32.
    #[serde(rename = "chat.marks")]
    ChatMarks {
        /// The conversation.
        conversation: String,
        /// The member's account.
        user_id: String,
        /// Messages up to this number reached one of their devices.
        #[ts(type = "number")]
        delivered: u64,
        /// Messages up to this number they have read.
        #[ts(type = "number")]
        read: u64,
    },
    /// A member of a conversation types. It has no number, and holds for 6 s.
    #[serde(rename = "chat.typing")]
    ChatTyping {
        /// The conversation.
        conversation: String,
        /// The member.
        from: PeerInfo,
    },
    /// The user takes messages from others than before.
    #[serde(rename = "chat.blocked")]
    ChatBlocked {
        /// All accounts the user takes none from.
        users: Vec<String>,
    },
}
