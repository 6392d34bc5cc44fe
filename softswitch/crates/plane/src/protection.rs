//! What protects a telephone's media: nothing, SRTP with keys out of the descriptions (RFC 4568), or DTLS-SRTP
//! (RFC 5763).

use ringdown_media::api::RtpSecurity;
use ringdown_rtc::{SrtpReceiver, SrtpSender};
use ringdown_types::SrtpKey;

use crate::handshakes::Handshakes;

pub(crate) enum Protection {
    None,
    Sdes(Box<Sdes>),
    Dtls(Box<Handshakes>),
}

impl Protection {
    /// Whether it is what `security` asks for, but for keys and certificates.
    pub(crate) const fn is_kind_of(&self, security: &RtpSecurity) -> bool {
        matches!(
            (self, security),
            (Self::None, RtpSecurity::None)
                | (Self::Sdes(_), RtpSecurity::Sdes { .. })
                | (Self::Dtls(_), RtpSecurity::Dtls { .. })
        )
    }
}

/// SRTP with keys out of the descriptions. RTP and RTCP share them, on one port or two (RFC 3711 §4.3).
pub(crate) struct Sdes {
    send: SrtpKey,
    receive: SrtpKey,
    pub(crate) sender: SrtpSender,
    pub(crate) receiver: SrtpReceiver,
}

impl Sdes {
    pub(crate) fn new(send: SrtpKey, receive: SrtpKey) -> Self {
        Self { send, receive, sender: sender(&send), receiver: receiver(&receive) }
    }

    /// RFC 4568 §7.1.4: a key that stays goes on counting, another one begins anew.
    pub(crate) fn set_keys(&mut self, send: SrtpKey, receive: SrtpKey) {
        if self.send != send {
            (self.send, self.sender) = (send, sender(&send));
        }
        if self.receive != receive {
            (self.receive, self.receiver) = (receive, receiver(&receive));
        }
    }
}

fn sender(key: &SrtpKey) -> SrtpSender {
    SrtpSender::new(key.profile(), key.master_key(), key.master_salt())
        .expect("a key has the lengths of its profile")
}

fn receiver(key: &SrtpKey) -> SrtpReceiver {
    SrtpReceiver::new(key.profile(), key.master_key(), key.master_salt())
        .expect("a key has the lengths of its profile")
}
