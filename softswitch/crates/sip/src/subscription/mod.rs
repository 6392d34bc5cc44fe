//! Subscriptions: who is told what of whom, and what telephones say of themselves (RFC 6665, RFC 3903).
//!
//! | file | owns |
//! |---|---|
//! | `notifier` | every subscription: SUBSCRIBE in, NOTIFY out (RFC 6665) |
//! | `usage` | one of them: when the next NOTIFY is due |
//! | `package` | the event packages served, the Event and Accept headers |
//! | `dialog_info` | `dialog`: lamps (RFC 4235) |
//! | `presence` | `presence`: PIDF with RPID activities (RFC 3856, 3863, 4480) |
//! | `message_summary` | `message-summary`: the voicemail lamp (RFC 3842) |
//! | `reg_info` | `reg`: a user's registrations (RFC 3680) |
//! | `publications` | PUBLISH: what telephones say of their user's presence (RFC 3903) |
//! | `xml` | writing XML that cannot break out, and reading a little of it |
//!
//! The notifier knows no calls and no people. It says when a subscriber is to be told ([`Output::StateWanted`]) and
//! is handed the state as a [`Document`]; so a burst of changes costs one NOTIFY, and nothing is stored twice.

mod dialog_info;
mod expires;
mod message_summary;
mod notifier;
mod package;
mod presence;
mod publications;
mod reg_info;

mod usage;
mod xml;

pub use dialog_info::{DialogDirection, DialogEntry, DialogInfo, DialogState, Identity};
pub use message_summary::{MessageCount, MessageSummary};
pub use notifier::{Asked, NewSubscription, Notifier, NotifierConfig, Output};
pub use package::{Document, EventName, MalformedEvent, Package, Rendered, allow_events};
pub use presence::{Activity, Presence, Published};
pub use publications::{Publications, PublicationsConfig};
pub use reg_info::{ContactEntry, RegInfo};
pub use usage::{End, SubscriptionId};
