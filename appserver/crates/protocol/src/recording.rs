//! Recording a call.

use ringdown_types::{RecordedTracks, SoundFormat};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Parameters of `call.record`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RecordParams {
    /// The call's `id`.
    pub call: String,
    /// What of it: both sides as one if left out, `split` for a channel for each, `said` for the user's own side alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "\"mixed\" | \"split\" | \"said\"")]
    pub tracks: Option<RecordedTracks>,
    /// What the file is: `ogg` (Opus) if left out, or `wav`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "\"ogg\" | \"wav\"")]
    pub format: Option<SoundFormat>,
}

/// Result of `call.record`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RecordingStarted {
    /// The recording, as `/api/v1/recordings` knows it.
    pub recording: String,
}

/// Parameters of `call.stopRecording`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StopRecordingParams {
    /// The call's `id`.
    pub call: String,
    /// What `call.record` began.
    pub recording: String,
}
