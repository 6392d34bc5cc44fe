//! SIP over UDP.

use std::{future::poll_fn, io, net::SocketAddr, task::Poll};

use bytes::Bytes;
use ringdown_sip::endpoint::{ConnectionId, Flow, Transport};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tracing::{debug, trace};

/// The receive buffer of a listening socket: what arrives while the switch is busy for a moment.
const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;

/// Datagrams taken from one socket before the others get their turn. More saves system calls, fewer keeps one flooded
/// socket from delaying the rest.
const BURST: usize = 32;

/// The listening UDP sockets. The switch task reads them itself: a queue in between would cost a wake for each
/// datagram and only make late ones later. What the switch is too busy for is dropped by the kernel, and its sender
/// repeats it. Dropping it stops listening.
#[derive(Debug)]
pub(crate) struct UdpSockets {
    sockets: Vec<Listening>,
    /// Where a datagram is read to before it gets memory of its size.
    buffer: Box<[u8]>,
}

#[derive(Debug)]
struct Listening {
    id: ConnectionId,
    local: SocketAddr,
    socket: UdpSocket,
    /// Whether there may be more to read.
    is_readable: bool,
}

impl UdpSockets {
    /// Binds every address. Socket `n` has the [`ConnectionId`] `n`.
    ///
    /// # Errors
    /// When one cannot be bound.
    pub(crate) fn bind(addresses: &[SocketAddr]) -> io::Result<Self> {
        let listening = |(&address, id): (&SocketAddr, u64)| {
            let socket = open(address)?;
            Ok(Listening { id: ConnectionId(id), local: socket.local_addr()?, socket, is_readable: false })
        };
        let sockets = addresses.iter().zip(0..).map(listening).collect::<io::Result<_>>()?;
        Ok(Self { sockets, buffer: vec![0; 65_536].into() })
    }

    /// Waits until [`Self::read`] may have something.
    pub(crate) async fn readable(&mut self) {
        let sockets = &mut self.sockets;
        poll_fn(|context| {
            let mut ready = false;
            for listening in sockets.iter_mut() {
                listening.is_readable |= listening.socket.poll_recv_ready(context).is_ready();
                ready |= listening.is_readable;
            }
            if ready { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Takes the datagrams that wait, a burst of each socket.
    pub(crate) fn read(&mut self, batch: &mut Vec<(Flow, Bytes)>) {
        for Listening { id, local, socket, is_readable } in &mut self.sockets {
            for _ in 0..BURST {
                if !*is_readable {
                    break;
                }
                match socket.try_recv_from(&mut self.buffer) {
                    Ok((length, remote)) => {
                        let flow = Flow { transport: Transport::Udp, local: *local, remote, connection: *id };
                        batch.push((flow, Bytes::copy_from_slice(&self.buffer[..length])));
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => *is_readable = false,
                    // An ICMP answer to something sent earlier.
                    Err(error) => trace!(%error, "receive failed"),
                }
            }
        }
    }

    /// Sends from the socket a flow names, or from the first one that can reach the address. What the kernel does not
    /// take at once is lost, as on the network; transactions repeat it.
    pub(crate) fn send(&self, from: Option<ConnectionId>, remote: SocketAddr, bytes: &[u8]) {
        let named = from.and_then(|id| self.sockets.iter().find(|listening| listening.id == id));
        let fitting = || self.sockets.iter().find(|listening| listening.local.is_ipv4() == remote.is_ipv4());
        match named.or_else(fitting) {
            Some(Listening { socket, .. }) => {
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
