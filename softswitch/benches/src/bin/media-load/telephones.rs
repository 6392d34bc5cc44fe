//! The telephones' media: a few sockets for all of them, which keeps the generator cheap. A program under test tells
//! telephones apart by its own ports, as always.

use std::{
    io::{self, IoSlice, IoSliceMut},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket},
    os::fd::AsRawFd,
};

use nix::{
    cmsg_space,
    errno::Errno,
    sys::{
        socket::{
            ControlMessageOwned, MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg, setsockopt,
            sockopt::ReceiveTimestampns,
        },
        time::TimeSpec,
    },
};
use socket2::SockRef;

use crate::voice::HEADER;

/// Sockets: together they hold what comes while the generator is not looking.
const SOCKETS: u8 = 16;

/// Packets of one system call. More would make the time in the last one's stamp older.
const BATCH: usize = 24;

/// Room for one packet.
pub(crate) const SLOT: usize = HEADER + 512;

pub(crate) struct Telephones {
    sockets: Vec<Socket>,
    slots: Vec<[u8; SLOT]>,
}

struct Socket {
    rtp: UdpSocket,
    /// Reports go here; nobody reads them.
    _rtcp: UdpSocket,
    address: SocketAddr,
    queued: Vec<(SockaddrIn, usize, [u8; SLOT])>,
}

impl Telephones {
    pub(crate) fn open(network: u8) -> io::Result<Self> {
        let sockets = (1..=SOCKETS)
            .map(|host| Socket::open([127, network, 0, host].into()))
            .collect::<io::Result<_>>()?;
        Ok(Self { sockets, slots: vec![[0; SLOT]; BATCH] })
    }

    /// Which socket a leg has, and where it is reached.
    pub(crate) fn place(&self, leg: u32) -> (usize, SocketAddr) {
        let socket = leg as usize % self.sockets.len();
        (socket, self.sockets[socket].address)
    }

    /// Queues a packet that `write` makes.
    pub(crate) fn queue(
        &mut self,
        socket: usize,
        target: SocketAddrV4,
        write: impl FnOnce(&mut [u8]) -> usize,
    ) {
        let queued = &mut self.sockets[socket].queued;
        let mut slot = [0; SLOT];
        let length = write(&mut slot);
        queued.push((target.into(), length, slot));
        if queued.len() >= BATCH {
            self.sockets[socket].flush();
        }
    }

    /// Sends what is queued.
    pub(crate) fn flush(&mut self) {
        for socket in &mut self.sockets {
            socket.flush();
        }
    }

    /// Hands every packet that is there to `take`, with the time the kernel had it; says whether there was any.
    pub(crate) fn receive(&mut self, mut take: impl FnMut(usize, &[u8], Option<u64>)) -> io::Result<bool> {
        let mut any = false;
        for (index, socket) in self.sockets.iter().enumerate() {
            loop {
                let count = socket.receive(&mut self.slots, |packet, at| take(index, packet, at))?;
                any |= count > 0;
                if count < BATCH {
                    break;
                }
            }
        }
        Ok(any)
    }
}

impl Socket {
    fn open(ip: Ipv4Addr) -> io::Result<Self> {
        let rtp = UdpSocket::bind((ip, 30_000))?;
        rtp.set_nonblocking(true)?;
        SockRef::from(&rtp).set_recv_buffer_size(4 * 1024 * 1024)?;
        setsockopt(&rtp, ReceiveTimestampns, &true)?;
        let rtcp = UdpSocket::bind((ip, 30_001))?;
        let address = rtp.local_addr()?;
        Ok(Self { rtp, _rtcp: rtcp, address, queued: Vec::new() })
    }

    fn flush(&mut self) {
        if self.queued.is_empty() {
            return;
        }
        let slices: Vec<[IoSlice<'_>; 1]> =
            self.queued.iter().map(|(_, length, bytes)| [IoSlice::new(&bytes[..*length])]).collect();
        let addresses: Vec<Option<SockaddrIn>> =
            self.queued.iter().map(|(target, ..)| Some(*target)).collect();
        let mut at = 0;
        while at < slices.len() {
            let mut headers = MultiHeaders::preallocate(slices.len() - at, None);
            let sent = sendmmsg(
                self.rtp.as_raw_fd(),
                &mut headers,
                &slices[at..],
                &addresses[at..],
                [],
                MsgFlags::empty(),
            );
            // What the kernel does not take is lost; an ICMP answer to an earlier packet costs one.
            at += sent.map_or(1, |sent| sent.count().max(1));
        }
        self.queued.clear();
    }

    fn receive(
        &self,
        slots: &mut [[u8; SLOT]],
        mut take: impl FnMut(&[u8], Option<u64>),
    ) -> io::Result<usize> {
        let mut headers = MultiHeaders::<()>::preallocate(slots.len(), Some(cmsg_space!(TimeSpec)));
        let mut slices: Vec<[IoSliceMut<'_>; 1]> =
            slots.iter_mut().map(|slot| [IoSliceMut::new(slot)]).collect();
        let flags = MsgFlags::MSG_DONTWAIT;
        let mut lengths = [(0, None); BATCH];
        let mut count = 0;
        match recvmmsg(self.rtp.as_raw_fd(), &mut headers, slices.iter_mut(), flags, None) {
            Ok(received) => {
                for message in received {
                    let at = message.cmsgs().ok().and_then(|mut all| {
                        all.find_map(|one| match one {
                            ControlMessageOwned::ScmTimestampns(at) => {
                                Some(at.tv_sec() as u64 * 1_000_000_000 + at.tv_nsec() as u64)
                            }
                            _ => None,
                        })
                    });
                    lengths[count] = (message.bytes, at);
                    count += 1;
                }
            }
            Err(Errno::EAGAIN) => return Ok(0),
            // An ICMP answer to an earlier packet.
            Err(Errno::ECONNREFUSED) => return Ok(0),
            Err(error) => return Err(error.into()),
        }
        for (slot, (length, at)) in slots.iter().zip(lengths).take(count) {
            take(&slot[..length.min(SLOT)], at);
        }
        Ok(count)
    }
}
