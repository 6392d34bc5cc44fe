//! How good a leg is: loss and its pattern, jitter, delay, the E-model, and what is wrong.
//!
//! [`LegMonitor`] is what a leg keeps. It is told of packets, and looks at the figures whenever an RTCP report is due.

mod e_model;
mod loss_pattern;
mod monitor;
mod remote;
mod silence;
mod warnings;

pub use e_model::{Impairment, Loss, mos, rating};
pub use loss_pattern::{LossPattern, LossTotals};
pub use monitor::{Expectation, LegMonitor, Observation};
pub use remote::RemoteReceiver;
pub use silence::SilenceDetector;
