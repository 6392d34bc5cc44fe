//! Files people send.

use ringdown_types::Pii;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// A kept file: `GET /api/v1/files/{id}` gives its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileInfo {
    /// Names it.
    pub id: String,
    /// What its sender calls it.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub name: Pii<String>,
    /// What it is, as its first bytes say: `application/octet-stream` where they say nothing.
    pub media_type: String,
    /// How long it is, in bytes; 0 where it was kept for as long as files are, and is gone.
    #[ts(type = "number")]
    pub size: u64,
}
