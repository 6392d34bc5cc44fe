//! What the app server remembers of people, sessions and calls, and what it says to whom. Pure.
//!
//! [`Desk`] is the client protocol past authentication: told `now`, browsers' requests and softswitches' events, it
//! returns [`Output`]s. It knows no socket, no database and no password.
//!
//! ```text
//!  browsers ── Request ──▶ ┌──────┐ ── Command, Directory ──▶ softswitches
//!           ◀─ Response ── │ Desk │ ◀─ Snapshot, Event, Reply ──
//!           ◀─ Push ────── └──────┘ ── SaveSession, Record, Lookup ──▶ stores
//! ```

mod chat;
mod contacts;
mod desk;
mod folding;
mod known;
mod leg;
mod mirror;
mod node;
mod pending;
mod people;
mod rate;
mod ring;
mod search;
mod session;
mod timer;

pub use chat::{
    ChatAsker, ChatDone, ChatJob, ChatNews, ChatTarget, ChatWork, Cursor, MAX_MARKED, MAX_MEMBERS, Opened,
    StoredConversation, StoredMember, StoredMessage,
};
pub use contacts::as_dialled;
pub use desk::{
    AskId, CallSide, ConnId, Desk, HelloInput, LinkId, NodeHello, Output, PeopleChange, PeopleRecords,
    ResumeInput, SavedStatement, Stats, WakeCall, mailbox_as_shown, quality_as_seen, settings_as_shown,
};
pub use folding::folded;
pub use known::EVERYBODY_UP_TO;
pub use people::Person;
pub use rate::{Backoff, Rate, RateLimiter};
pub use ring::{Kept, PushBody, PushRing};
pub use session::{
    MAX_SESSIONS_PER_USER, PING_INTERVAL, RESUME_WINDOW, SessionKind, SessionName, SessionRecord,
    UNREACHABLE_AFTER, secret_hash,
};
