//! A media worker's sockets: how its datagrams come and go. The one place that decides how the kernel is asked.
//!
//! Two things make it cheap, both measured in `docs/performance.md`. A worker looks at its sockets at most once in
//! [`GATHER`]: under load a look finds many packets, and going to sleep and being woken for each costs as much as
//! passing it on. And readiness is level-triggered, so that a socket is read once for each packet, not once more to hear
//! that it is empty.

use std::{
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    sys::{
        epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout},
        eventfd::{EfdFlags, EventFd},
    },
};
use ringdown_plane::SocketKey;
use socket2::{Domain, Protocol, Socket, Type};
use tracing::debug;

/// The least time between two looks at the sockets. A larger value delays packets by up to as much; a smaller one wakes
/// more often (half as large: 2 to 5 % more for each packet of 500 calls). A packet that comes alone is not delayed.
const GATHER: Duration = Duration::from_millis(1);

/// Packets taken from the shared socket before the others get their turn. More saves system calls, fewer keeps a flood
/// from delaying the rest.
const BURST: usize = 64;

/// Sockets told as ready by one system call.
const READY: usize = 1024;

/// The shared port's receive buffer: a tenth of a second of a thousand calls.
const WEBRTC_RECEIVE_BUFFER: usize = 4 * 1024 * 1024;

/// A telephone's socket carries one call.
const RTP_RECEIVE_BUFFER: usize = 64 * 1024;

/// Tokens of telephones' sockets are their port numbers: ports below 2 are never used.
const WAKE: u64 = 0;
const WEBRTC: u64 = 1;

/// What a worker's thread asks of its sockets.
pub(crate) trait PacketIo {
    /// Waits for packets or a wake, at most `wait`; for ever without one.
    fn wait(&mut self, wait: Option<Duration>) -> io::Result<()>;

    /// The next packet that [`Self::wait`] found, in `slot`. Packets that are left wait for the next turn.
    fn receive(&mut self, slot: &mut [u8]) -> Option<Arrival>;

    /// Sends a datagram. Whatever the kernel does not take at once is lost, as on the network.
    fn send(&mut self, socket: SocketKey, destination: SocketAddr, bytes: &[u8]);

    /// Opens `port` and the one above it, if they are not open.
    fn open_pair(&mut self, port: u16) -> io::Result<()>;

    /// How many datagrams were lost by [`Self::send`].
    fn unsent(&self) -> u64;
}

/// A received datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// Where it came in.
    pub socket: SocketKey,
    /// Whence; an IPv4 peer is shown as the address it is.
    pub source: SocketAddr,
    pub length: usize,
}

/// Ends a wait.
#[derive(Debug, Clone)]
pub(crate) struct Waker(Arc<EventFd>);

impl Waker {
    pub(crate) fn wake(&self) -> io::Result<()> {
        match self.0.write(1) {
            // A counter that is full has been waking for long.
            Ok(_) | Err(Errno::EAGAIN) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Sockets behind epoll.
pub(crate) struct EpollIo {
    epoll: Epoll,
    wake: Arc<EventFd>,
    webrtc: UdpSocket,
    /// RTP and RTCP, by half the RTP port.
    telephones: Vec<Option<Box<Pair>>>,
    bind: IpAddr,
    events: Vec<EpollEvent>,
    /// Which of the events are still to be read.
    unread: std::ops::Range<usize>,
    /// Packets taken in this turn from the socket that is being read.
    taken: usize,
    /// Whether the last look found packets: there may be more.
    is_busy: bool,
    looked: Instant,
    unsent: u64,
}

struct Pair {
    rtp: UdpSocket,
    rtcp: UdpSocket,
}

impl EpollIo {
    /// With the socket that browsers share, from [`open_shared`]; others are bound to `bind`.
    pub(crate) fn new(webrtc: UdpSocket, bind: IpAddr) -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let wake = EventFd::from_value_and_flags(0, EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?;
        epoll.add(&wake, EpollEvent::new(EpollFlags::EPOLLIN, WAKE))?;
        epoll.add(&webrtc, EpollEvent::new(EpollFlags::EPOLLIN, WEBRTC))?;
        Ok(Self {
            epoll,
            wake: Arc::new(wake),
            webrtc,
            telephones: std::iter::repeat_with(|| None).take(PAIRS).collect(),
            bind,
            events: vec![EpollEvent::empty(); READY],
            unread: 0..0,
            taken: 0,
            is_busy: false,
            looked: Instant::now(),
            unsent: 0,
        })
    }

    pub(crate) fn waker(&self) -> Waker {
        Waker(Arc::clone(&self.wake))
    }

    fn look(&mut self, timeout: EpollTimeout) -> io::Result<()> {
        let count = match self.epoll.wait(&mut self.events, timeout) {
            Ok(count) => count,
            Err(Errno::EINTR) => 0,
            Err(error) => return Err(error.into()),
        };
        (self.unread, self.taken, self.is_busy) = (0..count, 0, false);
        Ok(())
    }

    fn socket(&self, key: SocketKey) -> Option<&UdpSocket> {
        match key {
            SocketKey::WebRtc => Some(&self.webrtc),
            SocketKey::Rtp(port) => self.pair(port).map(|pair| &pair.rtp),
            SocketKey::Rtcp(port) => self.pair(port).map(|pair| &pair.rtcp),
        }
    }

    fn pair(&self, port: u16) -> Option<&Pair> {
        self.telephones.get(usize::from(port / 2))?.as_deref()
    }

    fn open(&self, port: u16) -> io::Result<UdpSocket> {
        let socket = bind((self.bind, port).into(), RTP_RECEIVE_BUFFER)?.into();
        self.epoll.add(&socket, EpollEvent::new(EpollFlags::EPOLLIN, u64::from(port)))?;
        Ok(socket)
    }
}

impl PacketIo for EpollIo {
    fn wait(&mut self, wait: Option<Duration>) -> io::Result<()> {
        if self.is_busy || !self.unread.is_empty() {
            self.look(EpollTimeout::ZERO)?;
            if !self.unread.is_empty() {
                return Ok(());
            }
        }
        // What is due meanwhile is done a little late: frames that many legs hear are sent at one wake, too.
        let rest = GATHER.saturating_sub(self.looked.elapsed());
        if !rest.is_zero() {
            thread::sleep(rest);
        }
        // The kernel counts in milliseconds here: rounded down it would be asked again and again.
        let timeout = wait.map_or(Ok(EpollTimeout::NONE), |wait| {
            let milliseconds = wait.saturating_sub(rest).as_micros().div_ceil(1000);
            EpollTimeout::try_from(i32::try_from(milliseconds).unwrap_or(i32::MAX))
        });
        self.look(timeout.unwrap_or(EpollTimeout::ZERO))?;
        self.looked = Instant::now();
        Ok(())
    }

    fn receive(&mut self, slot: &mut [u8]) -> Option<Arrival> {
        while let Some(event) = self.events.get(self.unread.start).filter(|_| !self.unread.is_empty()) {
            let token = event.data();
            if token == WAKE {
                let _ = self.wake.read();
                self.unread.start += 1;
                continue;
            }
            let port = token as u16;
            let key = match token {
                WEBRTC => SocketKey::WebRtc,
                _ if port.is_multiple_of(2) => SocketKey::Rtp(port),
                _ => SocketKey::Rtcp(port - 1),
            };
            let received = self.socket(key).map(|socket| socket.recv_from(slot));
            self.taken += 1;
            self.is_busy = true;
            // The shared socket holds many packets, a telephone's mostly one: what else it holds makes it ready again.
            if token != WEBRTC || self.taken >= BURST || !matches!(received, Some(Ok(_))) {
                self.unread.start += 1;
                self.taken = 0;
            }
            match received {
                Some(Ok((length, source))) => {
                    return Some(Arrival { socket: key, source: canonical(source), length });
                }
                // ICMP answers to earlier packets arrive here.
                Some(Err(error)) if error.kind() != io::ErrorKind::WouldBlock => {
                    debug!(%error, "receive failed")
                }
                _ => {}
            }
        }
        None
    }

    fn send(&mut self, socket: SocketKey, destination: SocketAddr, bytes: &[u8]) {
        let destination = if self.bind.is_ipv6() { mapped(destination) } else { destination };
        if self.socket(socket).is_none_or(|socket| socket.send_to(bytes, destination).is_err()) {
            self.unsent += 1;
        }
    }

    fn unsent(&self) -> u64 {
        self.unsent
    }

    /// A pair that an earlier leg left bound is taken again; the ports' owner hands out used ones first, so there are as
    /// many pairs as there were legs at once, and a few that rest.
    fn open_pair(&mut self, port: u16) -> io::Result<()> {
        if self.pair(port).is_some() {
            return Ok(());
        }
        let pair = Pair { rtp: self.open(port)?, rtcp: self.open(port + 1)? };
        if let Some(place) = self.telephones.get_mut(usize::from(port / 2)) {
            *place = Some(Box::new(pair));
        }
        Ok(())
    }
}

/// Half the ports there are.
const PAIRS: usize = 1 << 15;

/// Opens the socket that a worker's browsers share.
///
/// # Errors
/// When the port is taken.
pub(crate) fn open_shared(address: SocketAddr) -> io::Result<Arc<UdpSocket>> {
    bind(address, WEBRTC_RECEIVE_BUFFER).map(|socket| Arc::new(socket.into()))
}

fn bind(address: SocketAddr, receive_buffer: usize) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        // One socket for both versions: a leg's packets go where its description says.
        socket.set_only_v6(false)?;
    }
    // The kernel caps it silently; a smaller buffer only drops earlier under load.
    socket.set_recv_buffer_size(receive_buffer)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// An IPv4 peer of an IPv6 socket is shown as the address it is.
fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => SocketAddr::new(ip.into(), address.port()),
        // The zone of a link-local address stays.
        IpAddr::V6(_) => address,
    }
}

/// How an IPv6 socket names an IPv4 peer (RFC 4291 §2.5.5.2).
fn mapped(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) => SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port()),
        SocketAddr::V6(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn opened() -> (EpollIo, SocketAddr) {
        let shared = open_shared(([127, 0, 0, 1], 0).into()).expect("a port");
        let address = shared.local_addr().expect("an address");
        let socket = shared.try_clone().expect("a descriptor");
        (EpollIo::new(socket, [127, 0, 0, 1].into()).expect("a poller"), address)
    }

    /// Reads until so many packets came.
    fn read(io: &mut EpollIo, count: usize) -> Vec<(Arrival, Vec<u8>)> {
        let mut slot = [0; 2048];
        let (mut all, until) = (Vec::new(), Instant::now() + PATIENCE);
        while all.len() < count && Instant::now() < until {
            io.wait(Some(Duration::from_millis(100))).expect("a wait");
            while let Some(arrival) = io.receive(&mut slot) {
                all.push((arrival, slot[..arrival.length].to_vec()));
            }
        }
        all
    }

    /// A pair of ports nobody has.
    fn open_free_pair(io: &mut EpollIo) -> u16 {
        (20_000..60_000).step_by(2).find(|port| io.open_pair(*port).is_ok()).expect("a free pair")
    }

    #[test]
    fn packets_that_came_together_are_all_read_and_told_apart() {
        let (mut io, shared) = opened();
        let port = open_free_pair(&mut io);
        let peer = UdpSocket::bind(("127.0.0.1", 0)).expect("a port");
        for number in 0..200_u8 {
            peer.send_to(&[number], shared).expect("sent");
            peer.send_to(&[number], ("127.0.0.1", port + u16::from(number % 2))).expect("sent");
        }
        let all = read(&mut io, 400);
        let of = |key| -> Vec<u8> {
            all.iter().filter(|(arrival, _)| arrival.socket == key).map(|(_, bytes)| bytes[0]).collect()
        };
        assert_eq!(of(SocketKey::WebRtc), (0..200).collect::<Vec<u8>>());
        assert_eq!(of(SocketKey::Rtp(port)), (0..200).step_by(2).collect::<Vec<u8>>());
        assert_eq!(of(SocketKey::Rtcp(port)), (1..200).step_by(2).collect::<Vec<u8>>());
        assert!(all.iter().all(|(arrival, _)| Ok(arrival.source) == peer.local_addr().map_err(drop)));
    }

    #[test]
    fn a_wake_ends_a_wait_that_has_no_end() {
        let (mut io, _) = opened();
        let waker = io.waker();
        let waking = thread::spawn(move || waker.wake());
        io.wait(None).expect("woken");
        assert_eq!(io.receive(&mut [0; 64]), None);
        waking.join().expect("no panic").expect("woken");
        // It is used up: the next wait lasts.
        let begun = Instant::now();
        io.wait(Some(Duration::from_millis(30))).expect("a wait");
        assert!(begun.elapsed() >= Duration::from_millis(30));
    }

    #[test]
    fn a_refused_packet_leaves_what_comes_after_readable() {
        let (mut io, _) = opened();
        let port = open_free_pair(&mut io);
        let gone =
            UdpSocket::bind(("127.0.0.1", 0)).and_then(|socket| socket.local_addr()).expect("an address");
        io.send(SocketKey::Rtp(port), gone, b"nobody reads this");
        let peer = UdpSocket::bind(("127.0.0.1", 0)).expect("a port");
        peer.send_to(b"hello", ("127.0.0.1", port)).expect("sent");
        assert_eq!(read(&mut io, 1).first().map(|(_, bytes)| bytes.as_slice()), Some(&b"hello"[..]));
    }
}
