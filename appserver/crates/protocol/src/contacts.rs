//! The company's address book: people outside, whom everybody inside may look up and call.

use ringdown_types::Pii;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// A number of a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactNumber {
    /// What it is, in the company's words: "Office", "Mobile"; at most 32 characters, empty for nothing in particular.
    #[serde(default)]
    pub label: String,
    /// As it is dialled: 1 to 32 of `0-9 * # +`; spaces, brackets, dots, slashes and dashes between them are left out.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub number: Pii<String>,
}

/// Somebody in the address book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Contact {
    /// The contact.
    pub id: String,
    /// The name.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub name: Pii<String>,
    /// Whom they work for; empty for nobody.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub organisation: Pii<String>,
    /// Their numbers, the first the one to call.
    pub numbers: Vec<ContactNumber>,
}

/// Parameters of `contact.search`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ContactSearchParams {
    /// Words of names, organisations and numbers, at most 64 characters; empty for the first of the book.
    #[ts(as = "String")]
    pub query: Pii<String>,
}

/// Result of `contact.search`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ContactSearchResult {
    /// At most 50, best match first; by name where nothing was asked for.
    pub contacts: Vec<Contact>,
}

/// Parameters of `directory.photo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PhotoParams {
    /// A picture of the user's own that was sent to the place of `file.place` and not used yet, at most 512 KiB; null
    /// takes their photo away.
    pub file: Option<String>,
}
