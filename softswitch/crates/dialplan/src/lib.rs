//! Dialled text to decision, compiled from the directory.
//!
//! [`Dialplan::compile`] turns a directory into lookup tables; [`Dialplan::route`] answers in constant time and
//! [`Dialplan::explain`] says how the answer came about. Both run the same walk, so an explanation cannot differ
//! from what happens. Numbers outside the tables are [`Decision::Unknown`]: nothing external is reachable.
//!
//! A number is looked up as it is first, as a feature code followed by a number next; of several codes the longest
//! counts. A time condition leads to another number, which is looked up the same way, at most
//! [`MAX_TIME_CONDITIONS`] times.
//!
//! # Assumptions
//! - Scheme prefixes (`sip:`, `tel:`) and domains are the caller's job; only the user part arrives here.
//! - Visual separators (RFC 3966 §5.1.1), white space and ASCII case do not count
//!   ([`ringdown_types::DialKey`]). Two numbers that differ in nothing else are refused at compile time.
//! - Opening hours belong to the day they begin on: hours that pass midnight on the eve of a holiday last until they
//!   end.

mod compile;
mod decision;
mod explain;
mod hours;
mod shadow;
mod walk;

pub use compile::{CompileError, Dialplan};
pub use decision::{Decision, PickUpTarget, Refusal};
pub use explain::{Explanation, Step};
pub use walk::MAX_TIME_CONDITIONS;
