//! RTCP (RFC 3550 §6): compound packets in and out, receiver statistics, when to report.

mod build;
mod feedback;
mod parse;
mod session;
mod statistics;
mod transport_wide;
mod voip;

pub use build::{Report, SenderInfo, write_bye, write_report};
pub use feedback::{
    Feedback, FeedbackKind, FullIntraRequests, LostPackets, MAX_NACK_ENTRIES, write_full_intra, write_nack,
    write_picture_loss, write_receiver_estimate,
};
pub use parse::{CompoundPackets, RtcpError, RtcpPacket, parse_compound};
pub use session::{NtpClock, RtcpSession};
pub use statistics::ReceiverStatistics;
pub use transport_wide::{ArrivalLog, ArrivalStatus, MAX_STATUSES, parse_arrivals};
pub use voip::VoipMetrics;

/// What a receiver says of one stream (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReportBlock {
    /// The stream reported on.
    pub ssrc: u32,
    /// The share lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost since the beginning, 24 bits signed.
    pub cumulative_lost: i32,
    /// The highest sequence number with its cycles above it.
    pub highest_sequence: u32,
    /// Interarrival jitter in ticks of the stream's clock.
    pub jitter: u32,
    /// The middle 32 bits of the NTP time of the last sender report; 0 if none came.
    pub last_sender_report: u32,
    /// The time since then, in 1/65,536 s.
    pub delay_since_sender_report: u32,
}

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const BYE: u8 = 203;
const EXTENDED_REPORT: u8 = 207;
const REPORT_BLOCK_LENGTH: usize = 24;
