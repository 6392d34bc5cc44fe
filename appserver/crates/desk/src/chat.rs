//! What the desk and the store's keeper of conversations say to each other. The desk knows who is connected and what may
//! be asked; the keeper knows what was written. Neither waits for the other.

use std::sync::Arc;

use ringdown_protocol::{ChatKind, ErrorInfo, FileInfo};
use ringdown_types::{ConversationId, FileId, MessageId, Pii, RoomId, SessionId, UserId};

use crate::{ConnId, LinkId};

/// The most members of a conversation. Every message is told to each of them.
pub const MAX_MEMBERS: usize = 500;
/// In larger conversations nobody is told live who read what: everybody's marks would go to everybody.
pub const MAX_MARKED: usize = 32;

/// Something the keeper does for somebody.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatJob {
    /// For whom: what they may not see they do not get.
    pub user: UserId,
    /// Who waits for it.
    pub asker: ChatAsker,
    /// When it was asked, Unix milliseconds.
    pub at: u64,
    /// What.
    pub work: ChatWork,
}

/// Who waits for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChatAsker {
    /// A page's request.
    Page {
        /// The connection.
        conn: ConnId,
        /// The session.
        session: SessionId,
        /// The request's id.
        request: u32,
    },
    /// A softswitch whose telephone wrote.
    Telephone {
        /// The softswitch.
        link: LinkId,
        /// The message as the softswitch names it.
        message: MessageId,
    },
    /// Nobody.
    Nobody,
}

/// A place in a conversation or among several.
pub type Cursor = String;

/// What the keeper does.
#[derive(Debug, Clone, PartialEq)]
pub enum ChatWork {
    /// Lists the user's conversations.
    List {
        /// Where the page before ended.
        cursor: Option<Cursor>,
        /// How many.
        limit: u32,
    },
    /// Gives a conversation with its members, beginning it where it is one that may begin.
    Open(ChatTarget),
    /// Makes a group.
    Create {
        /// What it is called.
        title: Pii<String>,
        /// The others in it.
        members: Vec<UserId>,
    },
    /// Changes a group.
    Change {
        /// The group.
        conversation: ConversationId,
        /// Its new title.
        title: Option<Pii<String>>,
        /// Who comes in.
        add: Vec<UserId>,
        /// Who goes.
        remove: Vec<UserId>,
    },
    /// Takes the user out of a group or a room's conversation.
    Leave(ConversationId),
    /// Gives messages.
    History {
        /// The conversation.
        conversation: ConversationId,
        /// With lower numbers than this.
        before: Option<u64>,
        /// Or with higher ones than this.
        after: Option<u64>,
        /// Or changed after this revision.
        since: Option<u64>,
        /// How many.
        limit: u32,
    },
    /// Keeps a message.
    Send {
        /// Where it goes.
        target: ChatTarget,
        /// Its id.
        message: MessageId,
        /// What it says.
        text: Pii<String>,
        /// What comes with it: a file of the user's that was not used yet.
        file: Option<FileId>,
    },
    /// Changes a message of the user's.
    Edit {
        /// The conversation.
        conversation: ConversationId,
        /// Its number.
        seq: u64,
        /// What it says.
        text: Pii<String>,
    },
    /// Deletes a message and its file.
    Delete {
        /// The conversation.
        conversation: ConversationId,
        /// Its number.
        seq: u64,
        /// The user may take others' messages away.
        is_admin: bool,
    },
    /// Gives a message the user's sign.
    React {
        /// The conversation.
        conversation: ConversationId,
        /// Its number.
        seq: u64,
        /// The sign; `None` for none any more.
        emoji: Option<String>,
    },
    /// Takes messages of somebody no more, or again.
    Block {
        /// Whose.
        other: UserId,
        /// No more.
        is_blocked: bool,
    },
    /// Raises the user's marks.
    Mark {
        /// The conversation.
        conversation: ConversationId,
        /// What reached a device of theirs.
        delivered: u64,
        /// What they read.
        read: u64,
    },
    /// Says who is in a conversation, so that they can be told that the user types.
    Members(ConversationId),
    /// Finds messages.
    Search {
        /// Words in the form they are kept in ([`crate::folded`]).
        words: Vec<String>,
        /// In this conversation alone.
        conversation: Option<ConversationId>,
        /// Where the page before ended.
        cursor: Option<Cursor>,
    },
    /// Makes a link to a file the user may have.
    Link(FileId),
    /// Makes a link under which the user may send a file.
    Place,
    /// Gives what none of the user's devices took yet, oldest first.
    Undelivered,
}

impl ChatWork {
    /// Whether it writes: jobs that do are done in the order they come, many in one transaction.
    pub const fn writes(&self) -> bool {
        matches!(
            self,
            Self::Open(ChatTarget::Person(_) | ChatTarget::Room { .. })
                | Self::Create { .. }
                | Self::Change { .. }
                | Self::Leave(_)
                | Self::Send { .. }
                | Self::Edit { .. }
                | Self::Delete { .. }
                | Self::React { .. }
                | Self::Block { .. }
                | Self::Mark { .. }
        )
    }
}

/// A conversation, or what makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatTarget {
    /// It exists.
    Conversation(ConversationId),
    /// The one with a person.
    Person(UserId),
    /// The one of a conference room.
    Room {
        /// The room.
        room: RoomId,
        /// What it is called.
        title: Pii<String>,
        /// Who is in it besides the user.
        members: Vec<UserId>,
    },
}

/// A message as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// Its id.
    pub id: MessageId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its number.
    pub seq: u64,
    /// The revision it came or changed with.
    pub revision: u64,
    /// Who wrote it.
    pub author: UserId,
    /// What it says.
    pub text: Pii<String>,
    /// What came with it.
    pub file: Option<FileInfo>,
    /// When, Unix milliseconds.
    pub at: u64,
    /// When it was changed.
    pub edited_at: Option<u64>,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// Who gave which sign, the first one first.
    pub reactions: Vec<(UserId, String)>,
}

/// A conversation as it is kept, with what concerns one member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredConversation {
    /// It.
    pub id: ConversationId,
    /// What it is.
    pub kind: ChatKind,
    /// What it is called.
    pub title: Pii<String>,
    /// The other one of two.
    pub peer: Option<UserId>,
    /// How many are in it.
    pub member_count: u32,
    /// Its newest message.
    pub last: Option<StoredMessage>,
    /// Its number.
    pub last_seq: u64,
    /// The newest revision.
    pub revision: u64,
    /// What the member read.
    pub read: u64,
    /// What reached all others.
    pub others_delivered: u64,
    /// What all others read.
    pub others_read: u64,
    /// When something was last written, Unix milliseconds.
    pub updated_at: u64,
}

/// A member as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMember {
    /// Who.
    pub user: UserId,
    /// Whether they made the group.
    pub is_owner: bool,
    /// Messages up to this number are from before they came.
    pub joined: u64,
    /// What reached them.
    pub delivered: u64,
    /// What they read.
    pub read: u64,
}

/// A conversation with its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The conversation as the user sees it; the marks of the others are told by `members`.
    pub conversation: StoredConversation,
    /// Who is in it.
    pub members: Vec<StoredMember>,
}

/// A job that is done.
#[derive(Debug)]
pub struct ChatDone {
    /// For whom it was.
    pub user: UserId,
    /// Who waits.
    pub asker: ChatAsker,
    /// What became of it.
    pub outcome: Result<ChatNews, ErrorInfo>,
}

/// What came of a job.
#[derive(Debug)]
pub enum ChatNews {
    /// The user's conversations.
    Listed {
        /// They.
        conversations: Vec<StoredConversation>,
        /// Where they end.
        cursor: Option<Cursor>,
        /// Unread messages in all.
        unread: u64,
        /// Whom the user takes no messages from.
        blocked: Vec<UserId>,
    },
    /// A conversation, and whether its members are to be told of it.
    Opened {
        /// It.
        opened: Box<Opened>,
        /// It is new, or its title or members changed.
        is_changed: bool,
        /// Who is no longer in it.
        gone: Vec<UserId>,
    },
    /// The user left; who stays.
    Left(Option<Box<Opened>>),
    /// Messages.
    History {
        /// They.
        messages: Vec<StoredMessage>,
        /// Whether there are more.
        more: bool,
    },
    /// A message was kept or changed.
    Message {
        /// It.
        message: Box<StoredMessage>,
        /// What its conversation is, and its title.
        conversation: (ChatKind, Pii<String>),
        /// Who is in the conversation.
        members: Arc<[UserId]>,
        /// Whether it was written and not merely changed or sent again.
        is_new: bool,
    },
    /// Marks as they are, and whether one grew.
    Marked {
        /// The conversation.
        conversation: ConversationId,
        /// What reached the user.
        delivered: u64,
        /// What they read.
        read: u64,
        /// Who is told of it: the conversation's members, or in a large one the user alone.
        told: Arc<[UserId]>,
        /// Whether one grew.
        is_news: bool,
    },
    /// Who is in a conversation.
    Members {
        /// The conversation.
        conversation: ConversationId,
        /// They.
        members: Arc<[UserId]>,
    },
    /// What was found.
    Found {
        /// Messages, newest first.
        messages: Vec<StoredMessage>,
        /// Where the search ended.
        cursor: Option<Cursor>,
    },
    /// Whom the user takes no messages from, all of them.
    Blocked(Vec<UserId>),
    /// A link.
    Linked {
        /// The path with what opens it.
        path: String,
        /// For how long, in seconds.
        expires_in: u32,
    },
    /// What no device took, oldest first, each with its conversation's kind and title.
    Undelivered(Vec<(StoredMessage, ChatKind, Pii<String>)>),
}
