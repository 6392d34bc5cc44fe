//! The measure of all things: a program that does nothing but pass datagrams on. A socket for each leg, epoll, one
//! `recvfrom` and one `sendto` a packet.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, UdpSocket},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::{HOST, Setup};

/// The parent's end.
pub(crate) struct Forwarder {
    child: Child,
    tell: Option<ChildStdin>,
    hear: BufReader<ChildStdout>,
}

/// What the child is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::Args)]
pub(crate) struct Forward {
    /// Connects each leg's socket to its peer.
    #[arg(long)]
    pub(crate) connected: bool,
    /// Looks at its sockets once in a millisecond at most.
    #[arg(long)]
    pub(crate) gather: bool,
    /// Passes nothing on, but sends each second leg a packet every 20 ms.
    #[arg(long)]
    pub(crate) play: bool,
}

impl Forwarder {
    /// Starts this program as a forwarder.
    pub(crate) fn start(setup: &Setup, forward: Forward) -> io::Result<Self> {
        let mut command = Command::new("taskset");
        command.args(["-c", &setup.core.to_string()]).arg(std::env::current_exe()?).arg("forward");
        let Forward { connected, gather, play } = forward;
        for (is_on, name) in [(connected, "--connected"), (gather, "--gather"), (play, "--play")] {
            if is_on {
                command.arg(name);
            }
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let tell = child.stdin.take();
        let hear = child.stdout.take().ok_or_else(|| io::Error::other("no pipe"))?;
        Ok(Self { child, tell, hear: BufReader::new(hear) })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Two legs that hear each other; where each sends to.
    pub(crate) fn open_call(&mut self, a: SocketAddr, b: SocketAddr) -> io::Result<[SocketAddr; 2]> {
        let tell = self.tell.as_mut().ok_or_else(|| io::Error::other("no pipe"))?;
        writeln!(tell, "{a} {b}")?;
        tell.flush()?;
        let mut line = String::new();
        self.hear.read_line(&mut line)?;
        read_pair(&line).ok_or_else(|| io::Error::other("the forwarder has no port"))
    }

    /// Lets it begin.
    pub(crate) fn begin(&mut self) -> io::Result<()> {
        let tell = self.tell.as_mut().ok_or_else(|| io::Error::other("no pipe"))?;
        writeln!(tell, "go")?;
        tell.flush()
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        // The end of its input ends it.
        self.tell = None;
        let _ = self.child.wait();
    }
}

fn read_pair(line: &str) -> Option<[SocketAddr; 2]> {
    let (a, b) = line.trim().split_once(' ')?;
    Some([a.parse().ok()?, b.parse().ok()?])
}

impl Forward {
    /// The child: opens the pairs of ports it is told of, then forwards until its input ends.
    pub(crate) fn perform(self) -> io::Result<()> {
        let mut legs: Vec<(UdpSocket, SocketAddr)> = Vec::new();
        let mut input = io::stdin().lock();
        loop {
            let mut line = String::new();
            if input.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if line.trim() == "go" {
                break;
            }
            let peers = read_pair(&line).ok_or_else(|| io::Error::other("not two addresses"))?;
            let mut opened = Vec::new();
            for peer in peers {
                let socket = UdpSocket::bind((HOST, 0))?;
                socket.set_nonblocking(true)?;
                if self.connected {
                    socket.connect(peer)?;
                }
                opened.push(socket.local_addr()?.to_string());
                legs.push((socket, peer));
            }
            println!("{}", opened.join(" "));
        }
        drop(input);
        if self.play { play(&legs) } else { self.forward(&legs) }
    }

    fn forward(self, legs: &[(UdpSocket, SocketAddr)]) -> io::Result<()> {
        const INPUT: u64 = u64::MAX;
        let epoll = Epoll::new(EpollCreateFlags::empty())?;
        epoll.add(io::stdin(), EpollEvent::new(EpollFlags::EPOLLIN, INPUT))?;
        for (index, (socket, _)) in legs.iter().enumerate() {
            epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN, index as u64))?;
        }
        let mut events = vec![EpollEvent::empty(); 1024];
        let mut slot = [0; 2048];
        let mut looked = Instant::now();
        loop {
            if self.gather {
                thread::sleep(PAUSE.saturating_sub(looked.elapsed()));
                looked = Instant::now();
            }
            let count = epoll.wait(&mut events, EpollTimeout::NONE)?;
            for event in &events[..count] {
                if event.data() == INPUT {
                    return Ok(());
                }
                let index = event.data() as usize;
                let Ok((length, _)) = legs[index].0.recv_from(&mut slot) else { continue };
                let (socket, peer) = &legs[index ^ 1];
                let _ = if self.connected {
                    socket.send(&slot[..length])
                } else {
                    socket.send_to(&slot[..length], peer)
                };
            }
        }
    }
}

/// What sending the packets of prompts costs without making them: the legs take turns, a bunch each millisecond.
fn play(legs: &[(UdpSocket, SocketAddr)]) -> io::Result<()> {
    const PACKET: [u8; 172] = [0x80; 172];
    // The end of the input is looked for as the forwarder does.
    let epoll = Epoll::new(EpollCreateFlags::empty())?;
    epoll.add(io::stdin(), EpollEvent::new(EpollFlags::EPOLLIN, 0))?;
    let listeners: Vec<_> = legs.iter().skip(1).step_by(2).collect();
    let (begun, mut sent) = (Instant::now(), 0);
    while epoll.wait(&mut [EpollEvent::empty()], EpollTimeout::ZERO)? == 0 {
        let due = (begun.elapsed().as_secs_f64() * 50.0 * listeners.len() as f64) as usize;
        while sent < due {
            let (socket, peer) = listeners[sent % listeners.len()];
            let _ = socket.send_to(&PACKET, peer);
            sent += 1;
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// See [`Forward::gather`].
const PAUSE: Duration = Duration::from_millis(1);
