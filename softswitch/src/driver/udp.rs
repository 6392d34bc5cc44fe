//! SIP over UDP.

use std::{io, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use ringdown_sip::endpoint::{ConnectionId, Flow, Transport};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    net::UdpSocket,
    sync::mpsc::{self, error::TrySendError},
    task::JoinSet,
};
use tracing::{debug, trace};

use crate::{health::Health, switch_task::SwitchInput};

/// The receive buffer of a listening socket: what arrives while the switch is busy for a moment.
const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;

/// The listening UDP sockets. Dropping it stops listening.
#[derive(Debug)]
pub(crate) struct UdpSockets {
    sockets: Vec<(ConnectionId, Arc<UdpSocket>)>,
    readers: JoinSet<()>,
}

impl UdpSockets {
    /// Binds every address. Socket `n` has the [`ConnectionId`] `n`.
    ///
    /// # Errors
    /// When one cannot be bound.
    pub(crate) fn bind(addresses: &[SocketAddr]) -> io::Result<Self> {
        let sockets = addresses
            .iter()
            .zip(0..)
            .map(|(&address, id)| Ok((ConnectionId(id), Arc::new(open(address)?))))
            .collect::<io::Result<_>>()?;
        Ok(Self { sockets, readers: JoinSet::new() })
    }

    /// Starts to read. Datagrams the switch has no room for are dropped and counted: their senders repeat them, and a
    /// queue would only make them late.
    pub(crate) fn serve(
        &mut self,
        switch: &mpsc::Sender<SwitchInput>,
        health: &Arc<Health>,
    ) -> io::Result<()> {
        for (connection, socket) in &self.sockets {
            let (connection, socket) = (*connection, Arc::clone(socket));
            let (local, switch, health) = (socket.local_addr()?, switch.clone(), Arc::clone(health));
            self.readers.spawn(async move {
                let mut buffer = vec![0; 65_536];
                loop {
                    let (length, remote) = match socket.recv_from(&mut buffer).await {
                        Ok(received) => received,
                        Err(error) => {
                            // An ICMP answer to something sent earlier.
                            trace!(%error, "receive failed");
                            continue;
                        }
                    };
                    let flow = Flow { transport: Transport::Udp, local, remote, connection };
                    let bytes = Bytes::copy_from_slice(&buffer[..length]);
                    match switch.try_send(SwitchInput::Datagram { flow, bytes }) {
                        Ok(()) => {}
                        Err(TrySendError::Full(_)) => {
                            health.shed.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        }
                        Err(TrySendError::Closed(_)) => return,
                    }
                }
            });
        }
        Ok(())
    }

    /// Sends from the socket a flow names, or from the first one that can reach the address. What the kernel does not
    /// take at once is lost, as on the network; transactions repeat it.
    pub(crate) fn send(&self, from: Option<ConnectionId>, remote: SocketAddr, bytes: &[u8]) {
        let named = from.and_then(|id| self.sockets.iter().find(|(known, _)| *known == id));
        let fitting = || {
            self.sockets.iter().find(|(_, socket)| {
                socket.local_addr().is_ok_and(|local| local.is_ipv4() == remote.is_ipv4())
            })
        };
        match named.or_else(fitting) {
            Some((_, socket)) => {
                if let Err(error) = socket.try_send_to(bytes, remote) {
                    debug!(%error, "datagram not sent");
                }
            }
            None => debug!("no UDP socket reaches this address family"),
        }
    }
}

fn open(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        // The same port is listened on for version 4 by a socket of its own.
        socket.set_only_v6(true)?;
    }
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}
