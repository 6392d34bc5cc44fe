//! A call as a Verto client knows it.
//!
//! ```text
//!   invite of the client                       invite of ours
//!  ─────▶ Asked ── started ──▶ Ringing         ─────▶ Rings ── answer ──▶ Answered
//!                                 │ the other side answers
//!                                 └──────────▶ Answered ── bye, ended ──▶ (gone)
//! ```

use ringdown_protocol::{CallInfo, PeerInfo};

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
            peer: Some(call.peer.clone()),
        }
    }
}
