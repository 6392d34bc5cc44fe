//! Dialled text to decision, compiled from what the directory holds.
//!
//! [`Dialplan::compile`] turns plain inputs into lookup tables; [`Dialplan::route`] answers in constant time and
//! [`Dialplan::explain`] says how the answer came about. Both run the same walk, so an explanation cannot differ
//! from what happens. Numbers outside the tables are [`Decision::Unknown`]: nothing external is reachable.
//!
//! # Assumptions
//! - Scheme prefixes (`sip:`, `tel:`) and domains are the caller's job; only the user part arrives here.
//! - Visual separators (RFC 3966 §5.1.1: `-`, `.`, `(`, `)`) and white space do not count, and ASCII case does not
//!   count: nobody dials them on purpose. Two extensions that differ in nothing else are refused at compile time.

mod compile;
mod decision;
mod explain;
mod normalise;

pub use compile::{CompileError, Dialplan, DialplanSource, FeatureEntry, Service, UserEntry};
pub use decision::{Decision, Refusal};
pub use explain::{Explanation, Step};
pub use normalise::MAX_DIALLED_BYTES;
