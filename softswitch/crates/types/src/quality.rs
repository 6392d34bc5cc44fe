//! How good the two ways of a leg are, and what is wrong with them.

use serde::{Deserialize, Deserializer, Serialize};

use crate::CodecId;

/// One way of a leg's audio, seen from its device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AudioWay {
    /// What the device says. Measured by our receiver.
    FromDevice,
    /// What the device hears. Measured by the device, as its RTCP reports say.
    ToDevice,
}

/// How good one way of a leg is. Numbers of the period since the last figures; in a leg's last figures, of all its life.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WayQuality {
    /// Packets that arrived at the receiver.
    pub packets: u64,
    /// Packets that were lost on the way.
    pub lost: u64,
    /// The share that was lost, in percent.
    pub loss_percent: f32,
    /// The share lost within bursts (RFC 3611 §4.7.2), in percent, since the leg began; `None` where nobody tells.
    pub burst_percent: Option<f32>,
    /// Interarrival jitter (RFC 3550 §6.4.1) in milliseconds.
    pub jitter_ms: f32,
    /// The delay from mouth to ear on this leg, in milliseconds: half the round trip, one packet, and what a playout
    /// buffer needs for the jitter. `None` while the round trip is not known.
    pub delay_ms: Option<f32>,
    /// The E-model's rating, 0 to 100, without the effect of delay.
    pub rating: f32,
    /// Mean opinion score of listening, 1 to 4.5 (ITU-T G.107 Annex B of `rating`).
    pub mos_listening: f32,
    /// The same of a conversation, which suffers from delay too; `None` while the delay is not known.
    pub mos_conversation: Option<f32>,
    /// The lowest `mos_listening` of a period, since the leg began.
    pub mos_lowest: f32,
}

impl WayQuality {
    /// The score to judge by: of the conversation where it is known, of listening otherwise.
    pub fn mos(&self) -> f32 {
        self.mos_conversation.unwrap_or(self.mos_listening)
    }
}

/// How good a leg is, both ways.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LegQuality {
    /// The codec its device sends.
    pub codec: Option<CodecId>,
    /// The round trip between the switch and the device in milliseconds, from RTCP; `None` while unknown.
    pub round_trip_ms: Option<f32>,
    /// What the device says; `None` where nothing came.
    pub from_device: Option<WayQuality>,
    /// What the device hears; `None` where its reports say nothing of it.
    pub to_device: Option<WayQuality>,
}

/// What is wrong with a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum QualityIssue {
    /// Nothing arrives, though something is expected, and nothing goes the other way either.
    NoAudio,
    /// Nothing arrives, though something is expected; the other way there is audio.
    OneWayAudio,
    /// Packets arrive and hold digital silence.
    SilentMicrophone,
    /// Too much is lost.
    Loss,
    /// Packets arrive too unevenly.
    Jitter,
    /// The round trip is too long for a conversation.
    Delay,
    /// The mean opinion score is low.
    LowScore,
    /// Something else, told by a newer softswitch. Never sent.
    Other,
}

impl QualityIssue {
    /// Every issue that is ever told.
    pub const ALL: [Self; 7] = [
        Self::NoAudio,
        Self::OneWayAudio,
        Self::SilentMicrophone,
        Self::Loss,
        Self::Jitter,
        Self::Delay,
        Self::LowScore,
    ];

    /// Its name on links and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoAudio => "no-audio",
            Self::OneWayAudio => "one-way-audio",
            Self::SilentMicrophone => "silent-microphone",
            Self::Loss => "loss",
            Self::Jitter => "jitter",
            Self::Delay => "delay",
            Self::LowScore => "low-score",
            Self::Other => "other",
        }
    }
}

/// An unknown name is [`QualityIssue::Other`]: a newer softswitch may know more.
impl<'de> Deserialize<'de> for QualityIssue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Ok(Self::ALL.into_iter().find(|issue| issue.name() == name).unwrap_or(Self::Other))
    }
}

/// Something that is wrong with a leg, and on which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QualityWarning {
    /// What is wrong.
    pub issue: QualityIssue,
    /// Which way.
    pub way: AudioWay,
}

/// A leg's figures of a period and what is wrong at its end.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QualityReport {
    /// The figures.
    #[serde(flatten)]
    pub figures: LegQuality,
    /// Everything that is wrong: what was told before and is not in it is over.
    pub warnings: Vec<QualityWarning>,
}
