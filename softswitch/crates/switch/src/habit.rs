//! Which media a device has: what its own offers and refusals showed, else what its signalling suggests.

use std::time::Instant;

use bytes::Bytes;
use ringdown_sdp::{LocalSecurity, Peer, RemoteDescription, SdpError, SecurityHabit};
use ringdown_sip::endpoint::Transport;
use ringdown_types::LegId;

use crate::Switch;

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

impl Switch {
    /// A called telephone refused an offer that left it the choice whether to encrypt (488). Some refuse whatever is not
    /// `RTP/SAVP`: it is invited once more that way, and the next time at once. Whether it was.
    pub(crate) fn invite_with_srtp(&mut self, now: Instant, leg: LegId) -> bool {
        let Some(sip) = self.legs.sip(leg) else { return false };
        let Some(mut invited) = sip.invited.take() else { return false };
        let Some(offer) = sip.media.insist_on_srtp(&invited.codecs) else { return false };
        invited.params.offer = Some(offer.into());
        let (refused, username) = (sip.usage, sip.username.clone());
        let Ok(usage) = self.sip.agent.invite(now, invited.params) else { return false };
        self.sip.remove_leg(refused, &username);
        self.sip.insert_leg(usage, &username, leg);
        if let Some(sip) = self.legs.sip(leg) {
            sip.usage = usage;
        }
        let habit = Habit { peer: Peer::Telephone, security: SecurityHabit::InsistsOnKeys };
        self.sip.offered.insert(invited.binding, habit);
        true
    }
}
