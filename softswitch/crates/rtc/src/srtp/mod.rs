//! SRTP and SRTCP in place (RFC 3711, RFC 7714), over the keyed ciphers of `rtc-crypto`.

mod cipher;
mod index;
mod key_derivation;
mod packet;
mod profile;
mod receiver;
mod sender;

pub use profile::{InvalidMasterKey, SRTP_OVERHEAD, SrtpProfile};
pub use receiver::{SrtpReceiver, UnprotectError};
pub use sender::{ProtectError, SrtpSender};
