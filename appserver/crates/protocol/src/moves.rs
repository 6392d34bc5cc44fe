//! Handing calls on, parking them, and calls that begin by ringing the user's own devices.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::PeerInfo;

/// Parameters of `call.transfer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TransferParams {
    /// The call's `id`.
    pub call: String,
    /// Whom the other side is handed on to: a number or feature code, at most 64 characters.
    pub to: String,
}

/// Parameters of `call.complete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CompleteParams {
    /// The `id` of the call whose other side is handed on.
    pub call: String,
    /// The `id` of the call that reached whom it is handed on to; talking or still ringing.
    pub other: String,
}

/// Parameters of `call.park`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ParkParams {
    /// The call's `id`.
    pub call: String,
    /// The slot; the next free one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub slot: Option<u32>,
}

/// Result of `call.park`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Slot {
    /// The number that takes the parked side back.
    pub slot: u32,
}

/// Parameters of `call.originate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OriginateParams {
    /// A number or feature code, at most 64 characters.
    pub to: String,
    /// Whether the user's devices are asked to answer by themselves.
    #[serde(default)]
    pub auto_answer: bool,
    /// Data that travels to both sides; at most 32 entries, 4 KiB together.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
}

/// Result of `call.originate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Originated {
    /// The same on both sides and in history.
    pub call_id: String,
}

/// Parameters of `call.completion`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CompletionParams {
    /// Whether the user wants to be rung once the person they last found busy is free.
    pub on: bool,
}

/// Somebody who waits on a parking slot. Everybody in the company sees them, for anybody may take the call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ParkedCall {
    /// Dialling it takes the call.
    pub slot: u32,
    /// Who waits.
    pub party: PeerInfo,
    /// Who parked them, and gets them back in the end.
    pub by: PeerInfo,
    /// Until when they wait, Unix time in milliseconds.
    #[ts(type = "number")]
    pub until: u64,
}

/// What becomes of the wish to be rung once somebody busy is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum CompletionState {
    /// It is waited for.
    Waiting,
    /// Both are free: the user's own devices ring.
    Ringing,
    /// The user wants it no more.
    Cancelled,
    /// It took too long.
    Expired,
}
