//! Older client protocols, translated to the client protocol: Verto's JSON-RPC and Webitel's WebSocket commands. Pure.
//!
//! One machine per connection. It makes no call and owns none: what a client asks becomes a request to the desk, what
//! the desk says becomes what the client understands. The same limits and rights hold as on `/ws`, for the desk is the
//! one that judges.
//!
//! ```text
//!  client ── text ──▶ ┌────────────────┐ ── Output::Desk ──▶ desk
//!         ◀─ Client ─ │ Verto, Webitel │ ◀─ response, push ─
//!                     └────────────────┘ ── SignIn ──▶ shell ── handle_signed_in ──▶
//! ```

mod account;
mod cause;
mod login;
mod names;
mod output;
mod people;
mod verto;
mod webitel;

pub use account::AccountName;
pub use cause::{Cause, cause_of};
pub use names::{CALL_ID_VARIABLE, dashed};
pub use output::{Output, Proof, Secret, SignIn, SignInFailure, SignedIn, Text};
pub use verto::Verto;
pub use webitel::{Webitel, channel_row, is_channel};

/// The longest text of a client that is read; a longer one is answered with an error.
pub const MAX_TEXT_BYTES: usize = ringdown_protocol::MAX_FRAME_BYTES;
