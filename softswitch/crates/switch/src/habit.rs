//! Which media a device has: what its own offers showed, else what its signalling suggests.

use bytes::Bytes;
use ringdown_sdp::{LocalSecurity, Peer, RemoteDescription, SdpError, SecurityHabit};
use ringdown_sip::endpoint::Transport;

/// Which media a device has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Habit {
    /// Whether it is a browser to us.
    pub(crate) peer: Peer,
    /// How a telephone encrypts.
    pub(crate) security: SecurityHabit,
}

impl Habit {
    /// A device of which nothing else is known: SIP over WebSocket is what web pages speak.
    pub(crate) const fn usual(transport: Transport) -> Self {
        let peer = match transport {
            Transport::Ws | Transport::Wss => Peer::Browser,
            Transport::Udp | Transport::Tcp | Transport::Tls => Peer::Telephone,
        };
        Self { peer, security: SecurityHabit::Unknown }
    }
}

/// A caller's offer, if it has one and it is of use under `security`, and what it shows of the caller.
pub(crate) fn read_offer(
    offer: Option<&Bytes>,
    security: &LocalSecurity,
) -> Result<Option<(RemoteDescription, Habit)>, SdpError> {
    let Some(offer) = offer else { return Ok(None) };
    let (mut remote, peer) = RemoteDescription::parse_any(offer)?;
    let habit = match peer {
        Peer::Browser => SecurityHabit::Unknown,
        Peer::Telephone => {
            remote.restrict(security);
            SecurityHabit::of(&remote)
        }
    };
    remote.audio()?;
    Ok(Some((remote, Habit { peer, security: habit })))
}
