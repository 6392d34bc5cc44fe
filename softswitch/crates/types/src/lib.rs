//! The vocabulary every Ringdown crate shares: ids, reasons, codecs, quality, redaction.
//!
//! Nothing here does I/O, and nothing here knows a protocol.

mod codec;
mod contain;
mod dtmf;
mod end_reason;
mod extension;
mod forward;
mod id;
mod number;
mod pii;
mod prompt;
mod quality;
mod random;
mod recording;
mod ring;
mod srtp;
mod time_of_week;
mod tone_plan;
mod video;

pub use codec::{CodecId, MediaDirection};
pub use contain::{Panicked, contain};
pub use dtmf::{DtmfDigit, ParseDtmfError};
pub use end_reason::EndReason;
pub use extension::{Extension, ParseExtensionError};
pub use forward::ForwardKind;
pub use id::{
    CallId, ConversationId, FileId, GroupId, LegId, MessageId, MixId, NodeId, ParseIdError, RecordingId,
    RoomId, SessionId, TimeConditionId, UserId,
};
pub use number::{DialKey, ParkSlot};
pub use pii::Pii;
pub use prompt::{PromptId, ToneId};
pub use quality::{AudioWay, LegQuality, QualityIssue, QualityReport, QualityWarning, WayQuality};
pub use random::{Random, SeededRandom};
pub use recording::{RecordedTracks, SoundFormat};
pub use ring::RingStrategy;
pub use srtp::{SrtpKey, SrtpPolicy, SrtpProfile};
pub use time_of_week::{CivilDate, ParseCivilError, TimeOfDay, Weekday};
pub use tone_plan::{TonePart, TonePlan, ToneShape, UnknownTonePlan};
pub use video::{H264Profile, RtpExtension, VideoCoding, VideoFeedback, VideoSlot};
