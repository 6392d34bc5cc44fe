//! A call as a Verto client knows it.
//!
//! ```text
//!   invite of the client                       invite of ours
//!  ─────▶ Asked ── started ──▶ Ringing         ─────▶ Rings ── answer ──▶ Answered
//!                                 │ the other side answers
//!                                 └──────────▶ Answered ── bye, ended ──▶ (gone)
//! ```
//!
//! A client that comes back with its session has its calls again, each by an offer of ours (`verto.attach`): its dialogs
//! begin as Ringing or Answered then.

use ringdown_protocol::{CallInfo, PeerInfo};
use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The desk was asked to place it.
    Asked,
    /// The other side is called.
    Ringing,
    /// The client is called.
    Rings,
    /// They talk.
    Answered,
}

/// A call of this client's.
#[derive(Debug, Clone)]
pub(super) struct Dialog {
    /// Its name at the desk; none while it is asked for.
    pub(super) leg: Option<String>,
    pub(super) stage: Stage,
    /// The client has the other description.
    pub(super) is_described: bool,
    /// The client holds the other side.
    pub(super) held: bool,
    /// The client ended it and is not told again.
    pub(super) is_ending: bool,
    /// An offer was asked for, which a client that came back is to take.
    pub(super) is_attaching: bool,
    /// The client's own offer waits for its answer.
    pub(super) update: Option<Value>,
    /// Whom it shows.
    pub(super) peer: Option<PeerInfo>,
}

impl Dialog {
    pub(super) const fn asked() -> Self {
        Self {
            leg: None,
            stage: Stage::Asked,
            is_described: false,
            held: false,
            is_ending: false,
            is_attaching: false,
            update: None,
            peer: None,
        }
    }

    pub(super) fn known(call: &CallInfo, stage: Stage) -> Self {
        Self {
            leg: Some(call.id.clone()),
            stage,
            is_described: true,
            held: call.held,
            is_ending: false,
            is_attaching: false,
            update: None,
            peer: Some(call.peer.clone()),
        }
    }
}
