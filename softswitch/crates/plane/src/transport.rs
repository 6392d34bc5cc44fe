//! A leg's transport of either kind: is it up, and out with a packet.

use std::{net::SocketAddr, time::Instant};

use ringdown_rtc::Received;

use crate::{
    browser::Browser,
    output::{Output, PacketSink, SocketKey},
    telephone::{Opened, Telephone},
};

pub(crate) enum LegTransport {
    Browser(Box<Browser>),
    Telephone(Box<Telephone>),
}

impl LegTransport {
    /// Whether media can be sent.
    pub(crate) fn is_ready(&self) -> bool {
        match self {
            Self::Browser(browser) => browser.transport.is_connected(),
            Self::Telephone(telephone) => telephone.is_ready(),
        }
    }

    /// Sends the RTP packet `buffer[..length]`, encrypting it in place unless the leg is a telephone without SRTP. Returns whether it went out.
    pub(crate) fn send_rtp(&mut self, buffer: &mut [u8], length: usize, send: &mut PacketSink<'_>) -> bool {
        let (socket, destination, length) = match self {
            Self::Browser(browser) => {
                let Some(destination) = browser.transport.selected() else { return false };
                let Ok(length) = browser.transport.protect_rtp(buffer, length) else { return false };
                (SocketKey::WebRtc, destination, length)
            }
            Self::Telephone(telephone) => {
                let Some(destination) = telephone.ready_destination() else { return false };
                let Some(length) = telephone.protect_rtp(buffer, length) else { return false };
                (SocketKey::Rtp(telephone.local_port), destination, length)
            }
        };
        let Some(datagram) = buffer.get(..length) else { return false };
        send(socket, destination, datagram);
        true
    }

    /// Sends the very bytes of a packet that was sent before, encrypted as it was.
    pub(crate) fn send_protected(&self, datagram: &[u8], send: &mut PacketSink<'_>) {
        let route = match self {
            Self::Browser(browser) => browser.transport.selected().map(|to| (SocketKey::WebRtc, to)),
            Self::Telephone(telephone) => {
                telephone.ready_destination().map(|to| (SocketKey::Rtp(telephone.local_port), to))
            }
        };
        if let Some((socket, destination)) = route {
            send(socket, destination, datagram);
        }
    }

    /// The datagram that carries a compound RTCP packet, encrypted as RTP is; `None` while there is no way.
    pub(crate) fn rtcp_transmit(&mut self, mut compound: Vec<u8>) -> Option<Output> {
        let (socket, destination) = match self {
            Self::Browser(browser) => {
                let destination = browser.transport.selected()?;
                let length = compound.len();
                compound.resize(length + ringdown_rtc::SRTP_OVERHEAD, 0);
                let length = browser.transport.protect_rtcp(&mut compound, length).ok()?;
                compound.truncate(length);
                (SocketKey::WebRtc, destination)
            }
            Self::Telephone(telephone) => {
                let route = telephone.rtcp_route().filter(|_| telephone.is_ready())?;
                compound = telephone.protect_rtcp(compound)?;
                route
            }
        };
        Some(Output::Transmit { socket, destination, bytes: compound })
    }

    /// Notes that a telephone's packet was what it should be: its source is believed from now on.
    pub(crate) fn note_valid(&mut self, now: Instant, source: SocketAddr, is_rtcp: bool) {
        if let Self::Telephone(telephone) = self {
            telephone.note(now, source, is_rtcp);
        }
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        match self {
            Self::Browser(browser) => browser.transport.next_timeout(),
            Self::Telephone(telephone) => telephone.next_timeout(),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        match self {
            Self::Browser(browser) => browser.transport.handle_timeout(now),
            Self::Telephone(telephone) => telephone.handle_timeout(now),
        }
    }

    /// Decides whether a datagram is believed, and decrypts it in place.
    pub(crate) fn open(
        &mut self,
        now: Instant,
        socket: SocketKey,
        source: SocketAddr,
        bytes: &mut [u8],
    ) -> Opened {
        match self {
            Self::Browser(browser) => match browser.transport.handle_datagram(now, source, bytes) {
                Ok(Received::Rtp { length }) => Opened::Rtp { length },
                Ok(Received::Rtcp { length }) => Opened::Rtcp { length },
                Ok(Received::Nothing) => Opened::Handshake,
                Err(_) => Opened::Refused,
            },
            Self::Telephone(telephone) => telephone.open(now, socket, source, bytes),
        }
    }
}
