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

mod desk;
mod leg;
mod mirror;
mod node;
mod pending;
mod people;
mod rate;
mod ring;
mod session;
mod timer;

pub use desk::{
    AskId, ConnId, Desk, HelloInput, LinkId, NodeHello, Output, ResumeInput, Stats, quality_as_seen,
    settings_as_shown,
};
pub use people::Person;
pub use rate::{Backoff, Rate, RateLimiter};
pub use ring::{Kept, PushBody, PushRing};
pub use session::{
    MAX_SESSIONS_PER_USER, PING_INTERVAL, RESUME_WINDOW, SessionKind, SessionName, SessionRecord,
    UNREACHABLE_AFTER, secret_hash,
};
