//! The chat: conversations of two people, of groups and of conference rooms; kept, searched, delivered later.

use ringdown_types::Pii;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{FileInfo, PeerInfo};

/// What a conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum ChatKind {
    /// Of two people. There is one for each two, and telephones write into it by SIP MESSAGE.
    Direct,
    /// Of a group, with a title.
    Group,
    /// Of a conference: whoever enters the room is in it, and stays in it when the room is over.
    Room,
}

/// A conversation as one of its members sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ChatConversation {
    /// Names it.
    pub id: String,
    /// What it is.
    pub kind: ChatKind,
    /// A group's or a room's title; empty for two people.
    #[ts(as = "String")]
    pub title: Pii<String>,
    /// The other one of two people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub peer: Option<PeerInfo>,
    /// How many are in it.
    pub member_count: u32,
    /// Its newest message; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub last: Option<ChatMessage>,
    /// The number of its newest message, 0 before the first.
    #[ts(type = "number")]
    pub last_seq: u64,
    /// Grows with every message, edit and deletion. What is as one remembers it need not be loaded again.
    #[ts(type = "number")]
    pub revision: u64,
    /// Messages up to this number the user has read.
    #[ts(type = "number")]
    pub read: u64,
    /// Messages up to this number reached a device of every other member.
    #[ts(type = "number")]
    pub others_delivered: u64,
    /// Messages up to this number every other member has read.
    #[ts(type = "number")]
    pub others_read: u64,
    /// When something was last written, Unix time in milliseconds; before that, when it began.
    #[ts(type = "number")]
    pub updated_at: u64,
}

/// A member of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ChatMember {
    /// Who.
    pub party: PeerInfo,
    /// Whether they made the group: they may take others out of it.
    pub is_owner: bool,
    /// Messages up to this number reached one of their devices.
    #[ts(type = "number")]
    pub delivered: u64,
    /// Messages up to this number they have read.
    #[ts(type = "number")]
    pub read: u64,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ChatMessage {
    /// Names it.
    pub id: String,
    /// Its conversation.
    pub conversation: String,
    /// Its number there: 1, 2, 3 …
    #[ts(type = "number")]
    pub seq: u64,
    /// The conversation's revision it came or last changed with.
    #[ts(type = "number")]
    pub revision: u64,
    /// Who wrote it.
    pub from: PeerInfo,
    /// What it says: plain text. Empty where it is a file alone, or was deleted.
    #[ts(as = "String")]
    pub text: Pii<String>,
    /// What came with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub file: Option<FileInfo>,
    /// When it was written, Unix time in milliseconds.
    #[ts(type = "number")]
    pub at: u64,
    /// When its author last changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub edited_at: Option<u64>,
    /// Whether its author, or whoever may take messages of others away, deleted it.
    pub is_deleted: bool,
    /// What members said of it by one sign each, the sign most gave first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<ChatReaction>>")]
    pub reactions: Vec<ChatReaction>,
}

/// A sign under a message, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChatReaction {
    /// An emoji.
    pub emoji: String,
    /// The accounts of those who gave it, the first one first.
    pub users: Vec<String>,
}

/// Parameters of `chat.list`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
pub struct ChatListParams {
    /// The cursor of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub cursor: Option<String>,
    /// 1 to 100, 50 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub limit: Option<u32>,
}

/// Result of `chat.list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChatList {
    /// The user's conversations, the one last written in first.
    pub conversations: Vec<ChatConversation>,
    /// For the next page; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub cursor: Option<String>,
    /// How many messages the user has not read, in all conversations.
    #[ts(type = "number")]
    pub unread: u64,
    /// Accounts the user takes no messages from.
    #[serde(default)]
    pub blocked: Vec<String>,
}

/// Parameters of `chat.open`: exactly one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
pub struct ChatOpenParams {
    /// A number or an account: the conversation with that person, which begins if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, as = "Option<String>")]
    pub to: Option<Pii<String>>,
    /// One of the user's live calls: in a conference room the room's conversation, else the one with the other side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub call: Option<String>,
    /// A conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub conversation: Option<String>,
}

/// Result of `chat.open`, `chat.create` and `chat.change`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChatOpened {
    /// The conversation.
    pub conversation: ChatConversation,
    /// Who is in it. A push of a conversation of more than 100 leaves them out: `chat.open` tells them.
    pub members: Vec<ChatMember>,
}

/// Parameters of `chat.create`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChatCreateParams {
    /// What the group is called: 1 to 100 characters.
    #[ts(as = "String")]
    pub title: Pii<String>,
    /// Numbers or accounts of the others: 1 to 499.
    #[ts(as = "Vec<String>")]
    pub members: Vec<Pii<String>>,
}

/// Parameters of `chat.change`: what is left out stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChatChangeParams {
    /// The group.
    pub conversation: String,
    /// A new title. Any member may give one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, as = "Option<String>")]
    pub title: Option<Pii<String>>,
    /// Numbers or accounts of people to take in. Any member may. They see what is written from now on.
    #[serde(default)]
    #[ts(as = "Vec<String>")]
    pub add: Vec<Pii<String>>,
    /// Accounts to take out: the owner may.
    #[serde(default)]
    pub remove: Vec<String>,
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChatParams {
    /// Its id.
    pub conversation: String,
}

/// Parameters of `chat.history`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChatHistoryParams {
    /// The conversation.
    pub conversation: String,
    /// Messages with lower numbers than this; the newest if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub before: Option<u64>,
    /// Instead: messages with higher numbers than this, up to the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub after: Option<u64>,
    /// Instead: what came or changed after this revision, the oldest change first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub since: Option<u64>,
    /// 1 to 100, 50 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub limit: Option<u32>,
}

/// Result of `chat.history`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChatHistory {
    /// Messages by number, lowest first; with `since` by revision.
    pub messages: Vec<ChatMessage>,
    /// Whether there are more in the direction that was asked for.
    pub more: bool,
}

/// Parameters of `chat.send`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
pub struct ChatSendParams {
    /// The conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub conversation: Option<String>,
    /// Instead: the number or account of whom to write to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, as = "Option<String>")]
    pub to: Option<Pii<String>>,
    /// Plain text, at most 4,096 bytes of UTF-8; empty only with a file.
    #[serde(default)]
    #[ts(as = "String")]
    pub text: Pii<String>,
    /// A file of `POST /api/v1/files`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub file: Option<String>,
    /// 32 random hexadecimal digits. A message sent again under its id, because the answer was lost, is sent once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub id: Option<String>,
}

/// Result of `chat.send`, `chat.edit`, `chat.delete` and `chat.react`: the message is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChatSent {
    /// As it is.
    pub message: ChatMessage,
}

/// Parameters of `chat.edit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChatEditParams {
    /// The conversation.
    pub conversation: String,
    /// The number of an own message.
    #[ts(type = "number")]
    pub seq: u64,
    /// What it says from now on.
    #[ts(as = "String")]
    pub text: Pii<String>,
}

/// Parameters of `chat.delete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChatDeleteParams {
    /// The conversation.
    pub conversation: String,
    /// The number of an own message; in groups and rooms any message's for who made the group, and for admins who are
    /// in it.
    #[ts(type = "number")]
    pub seq: u64,
}

/// Parameters of `chat.react`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChatReactParams {
    /// The conversation.
    pub conversation: String,
    /// The number of a message that was not deleted.
    #[ts(type = "number")]
    pub seq: u64,
    /// The user's one sign under it, an emoji of at most 32 bytes; left out, or null, for none any more.
    #[serde(default)]
    #[ts(optional)]
    pub emoji: Option<String>,
}

/// Parameters of `chat.block`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ChatBlockParams {
    /// An account: what they write to the user alone is refused, and they take the user into no group.
    pub user: String,
    /// Whether so, or no longer.
    pub is_blocked: bool,
}

/// Parameters of `chat.mark`. Marks only grow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChatMarkParams {
    /// The conversation.
    pub conversation: String,
    /// Messages up to this number reached the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub delivered: Option<u64>,
    /// Messages up to this number the user has read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub read: Option<u64>,
}

/// Parameters of `chat.search`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChatSearchParams {
    /// Up to 8 words, at most 100 characters. A message is found that holds all of them, whatever their case and accents.
    #[ts(as = "String")]
    pub query: Pii<String>,
    /// In this conversation alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub conversation: Option<String>,
    /// The cursor of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub cursor: Option<String>,
}

/// Result of `chat.search`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChatFound {
    /// Up to 30 messages, newest first.
    pub messages: Vec<ChatMessage>,
    /// For what is older; absent at the end. A page may be empty and have one: it searched a long time back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub cursor: Option<String>,
}

/// Parameters of `file.link`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FileParams {
    /// The file.
    pub file: String,
}

/// Result of `file.link` and `file.place`: an address that needs no token for a while.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FileLink {
    /// The path on the server, with what opens it. `file.place`: `&name=…` is appended, and the file is its POST's body.
    pub path: String,
    /// For how long, in seconds.
    pub expires_in: u32,
}

/// Links open files.
impl std::fmt::Debug for FileLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileLink").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}
