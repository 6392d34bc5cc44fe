//! RTP (RFC 3550) and telephone-event (RFC 4733).

mod event_clock;
mod event_sender;
pub mod extension;
mod header;
mod rewrite;
mod sequence;
mod telephone_event;

pub use event_clock::EventClock;
pub use event_sender::{EventPacket, TelephoneEventSender};
pub use header::{FIXED_HEADER_LENGTH, MAX_PACKET_LENGTH, Packet, RtpError, is_rtcp, parse, write_header};
pub use rewrite::{OutgoingStream, Placement, RelayedPacket, SourceKey};
pub use sequence::{SequenceExtender, newer, sequence_distance, timestamp_distance};
pub use telephone_event::{
    EventPayload, FinishedDigit, PAYLOAD_LENGTH, TelephoneEventReceiver, scale_duration,
};
