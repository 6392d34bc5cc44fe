//! Video in session descriptions: which streams, which codings, which way (RFC 3264, RFC 9143, RFC 6184, RFC 7741,
//! RFC 9628).
//!
//! Nothing is transcoded. A session is told by [`VideoWish`]es what its other side can take, and says of it what the
//! peer knows too; what they do not share is refused with port 0.

mod course;
mod extensions;
mod feedback;
mod formats;
mod h264;
mod numbers;
mod remote;
mod wish;

pub(crate) use course::{AgreedVideo, LocalVideo, VideoCourse};
pub(crate) use extensions::{ListedExtension, read_audio_level};
pub use formats::{VideoCodec, VideoLimits};
pub(crate) use remote::read_videos;
pub use remote::{RemoteVideo, VideoSource};
pub use wish::{NegotiatedExtension, NegotiatedVideo, NegotiatedVideoCodec, VideoWish};
