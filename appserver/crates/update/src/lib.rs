//! Updates of the containers: which images change, what is done next, what is done when something fails.
//!
//! No I/O and no clock. The shell looks at the container engine ([`Observed`]), asks [`Update::next`] what to do, does
//! that one thing, and looks again. No step remembers what the one before did: each is decided by what is there, so an
//! updater that was killed anywhere goes on where it was. What has to be remembered is in the [`Entry`]s of a journal,
//! each written before what follows from it is done.
//!
//! The order: everything is fetched and inspected and the database is saved before anything is touched; then each role's
//! container is replaced, in the order of [`Role::ALL`], with the old one kept; only when every new one is ready are the
//! old ones removed. Until then every failure leads back to where the update began.

mod journal;
mod observed;
mod operation;
mod plan;
mod release;
mod role;
mod step;
mod update;

pub use journal::{Entry, JournalError, MAX_LINE, Outcome, Record, read_journal, write_record};
pub use observed::{Container, ContainerState, Health, Image, Observed};
pub use operation::Operation;
pub use plan::{Change, Limits, Plan, Refusal, Request, Swap};
pub use release::{Digest, MAX_RELEASE, Release, ReleaseError, ReleaseImage};
pub use role::Role;
pub use step::Step;
pub use update::{Next, Progress, Update};
