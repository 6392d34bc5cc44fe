//! Command, Event and Snapshot: what softswitch and app server say to each other.
//!
//! JSON text frames. The softswitch (*node*) dials the app server and sends [`NodeFrame`]s; the app server answers
//! with [`AppFrame`]s. Both sides say their protocol version first and speak the lower one; a peer more than one
//! version away is refused. See `docs/control-link.md`.

mod command;
mod directory;
mod event;
mod frame;
mod person;
mod recording;
mod room;
mod snapshot;
mod voicemail;

pub use command::{
    CandidateText, Command, CommandError, CommandId, CommandResult, DescriptionKind, Explanation,
    PlayedSound, SessionDescription,
};
pub use directory::{
    Argument, ConferenceRoom, DatedException, DirectorySnapshot, DirectoryUser, Feature, FeatureCodes,
    Forwards, HourSpan, ParkingLot, RingGroup, SettingChange, SipDevice, TimeCondition, UserSettings,
    VoicemailSettings, WeeklyHours,
};
pub use event::{
    CallRecord, CompletionState, EndedBy, Event, LegFigures, LegInfo, LegPlace, LegRole, LegState,
    ParkedInfo, Party, RegistrationInfo, SettingChanged,
};
pub use frame::{AppFrame, FrameError, MAX_FRAME_BYTES, NodeFrame, PROTOCOL_VERSION, decode, encode};
pub use person::{Activity, ChatMessage, MAX_MESSAGE_BYTES, MAX_NOTE_BYTES, PersonStatement, Statement};
pub use recording::{Recording, RecordingRight, RecordingState};
pub use room::{InvitationInfo, RoomInfo, RoomMemberInfo};
pub use snapshot::{CallInfo, Snapshot};
pub use voicemail::{SoundBytes, VoicemailCount, VoicemailMessage};
