//! Video is relayed, never decoded: what a relay has to know of it to repair, switch and slow it.

mod bandwidth;
mod key_frame;
mod missing;
mod requests;
mod rewrite;
mod store;

pub use bandwidth::DownlinkEstimate;
pub use key_frame::begins_key_frame;
pub use missing::{Arrival, MissingPackets};
pub use requests::KeyFrameRequests;
pub use rewrite::{OutgoingVideo, VideoPlacement, VideoSource};
pub use store::PacketStore;
