//! How good a call's audio is, seen from the user.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// How good a call's audio is, and what is wrong with it. Measured by the switch and, for what the user hears, by the
/// user's device.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallQuality {
    /// The round trip between the device and the switch, in milliseconds.
    pub round_trip_ms: Option<f32>,
    /// What the user says, as it reaches the switch.
    pub sent: Option<AudioQuality>,
    /// What the user hears, as the device reports it.
    pub received: Option<AudioQuality>,
    /// Everything that is wrong at the moment: what was told before and is not in it is over.
    pub warnings: Vec<QualityWarning>,
}

/// How good one way of a call's audio is: over about five seconds, or over the whole call in history.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AudioQuality {
    /// Packets that arrived.
    #[ts(type = "number")]
    pub packets: u64,
    /// Packets that were lost.
    #[ts(type = "number")]
    pub lost: u64,
    /// The share that was lost, in percent.
    pub loss_percent: f32,
    /// How unevenly packets arrive, in milliseconds (RFC 3550 §6.4.1).
    pub jitter_ms: f32,
    /// The delay from mouth to ear on this leg, estimated, in milliseconds.
    pub delay_ms: Option<f32>,
    /// Mean opinion score by the E-model, 1 to 4.5: above 4.3 very good, above 4 good, above 3.6 fair, below 3.1 poor.
    pub mos: f32,
    /// The lowest score of a period so far.
    pub mos_lowest: f32,
}

/// Something that is wrong with a call's audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QualityWarning {
    /// What is wrong.
    pub issue: QualityIssue,
    /// Whose device's audio it is about.
    pub side: CallSide,
    /// Which way.
    pub way: AudioWay,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum QualityIssue {
    /// Nothing arrives, and nothing goes the other way.
    NoAudio,
    /// Nothing arrives; the other way there is audio.
    OneWayAudio,
    /// The microphone gives digital silence.
    SilentMicrophone,
    /// Too many packets are lost.
    Loss,
    /// Packets arrive too unevenly.
    Jitter,
    /// The delay is too long for a conversation.
    Delay,
    /// The mean opinion score is low.
    LowScore,
}

/// Whose device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CallSide {
    /// The user's own.
    Own,
    /// The other side's.
    Peer,
}

/// One way between a device and the switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AudioWay {
    /// What the device says.
    Sent,
    /// What the device hears.
    Received,
}
