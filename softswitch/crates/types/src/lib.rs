//! The vocabulary every Ringdown crate shares: ids, reasons, codecs, redaction.
//!
//! Nothing here does I/O, and nothing here knows a protocol.

mod codec;
mod dtmf;
mod end_reason;
mod extension;
mod id;
mod pii;
mod prompt;
mod random;

pub use codec::{CodecId, MediaDirection};
pub use dtmf::{DtmfDigit, ParseDtmfError};
pub use end_reason::EndReason;
pub use extension::{Extension, ParseExtensionError};
pub use id::{CallId, LegId, MixId, NodeId, ParseIdError, RecordingId, SessionId, UserId};
pub use pii::Pii;
pub use prompt::{PromptId, ToneId};
pub use random::{Random, SeededRandom};
