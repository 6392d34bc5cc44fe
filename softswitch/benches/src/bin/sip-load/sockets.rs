//! The telephones' sockets: each has an address of its own on the loopback network, as telephones have.

use std::{io, net::SocketAddr, time::Duration};

use mio::{Events, Interest, Poll, Token, net::UdpSocket};
use socket2::{Domain, Protocol, Socket, Type};

/// Datagrams taken from one socket before the others get their turn.
const BURST: usize = 32;

pub(crate) struct Sockets {
    poll: Poll,
    events: Events,
    sockets: Vec<(SocketAddr, UdpSocket)>,
    unread: Vec<usize>,
    target: SocketAddr,
}

impl Sockets {
    /// `count` sockets at 127.1.x.y that talk to `target`.
    pub(crate) fn open(count: u16, target: SocketAddr) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut sockets = Vec::new();
        for index in 0..count.max(1) {
            let [high, low] = index.to_be_bytes();
            let address = SocketAddr::from(([127, 1, high, low], 0));
            let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
            socket.set_recv_buffer_size(4 * 1024 * 1024)?;
            socket.set_nonblocking(true)?;
            socket.bind(&address.into())?;
            let mut socket = UdpSocket::from_std(socket.into());
            poll.registry().register(&mut socket, Token(usize::from(index)), Interest::READABLE)?;
            sockets.push((socket.local_addr()?, socket));
        }
        Ok(Self { poll, events: Events::with_capacity(1024), sockets, unread: Vec::new(), target })
    }

    /// The address of the telephone `phone`.
    pub(crate) fn local(&self, phone: u32) -> SocketAddr {
        self.address(self.index(phone))
    }

    /// The address of a socket.
    pub(crate) fn address(&self, socket: usize) -> SocketAddr {
        self.sockets[socket].0
    }

    fn index(&self, phone: u32) -> usize {
        phone as usize % self.sockets.len()
    }

    /// Sends as the telephone `phone`. What the kernel does not take is lost, as on the network.
    pub(crate) fn send(&self, phone: u32, bytes: &[u8]) {
        self.answer(self.index(phone), bytes);
    }

    /// Sends from a socket.
    pub(crate) fn answer(&self, socket: usize, bytes: &[u8]) {
        let _ = self.sockets[socket].1.send_to(bytes, self.target);
    }

    /// Waits for datagrams, at most `wait`; then [`Self::read`] gives them.
    pub(crate) fn wait(&mut self, wait: Duration) -> io::Result<()> {
        let wait = if self.unread.is_empty() { wait } else { Duration::ZERO };
        if let Err(error) = self.poll.poll(&mut self.events, Some(wait))
            && error.kind() != io::ErrorKind::Interrupted
        {
            return Err(error);
        }
        for event in &self.events {
            let index = event.token().0;
            if !self.unread.contains(&index) {
                self.unread.push(index);
            }
        }
        Ok(())
    }

    /// The sockets that have something to read.
    pub(crate) fn take_readable(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.unread)
    }

    /// Reads one socket's datagrams into `buffer`, one after the other.
    pub(crate) fn read(&mut self, index: usize, mut take: impl FnMut(&Self, &[u8]), buffer: &mut [u8]) {
        for _ in 0..BURST {
            match self.sockets[index].1.recv_from(buffer) {
                Ok((length, _)) => take(self, &buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // An ICMP answer to something sent before.
                Err(_) => {}
            }
        }
        self.unread.push(index);
    }
}
