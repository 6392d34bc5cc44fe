//! The load: every device that speaks sends a packet each 20 ms, spread evenly, whatever becomes of the others.

use std::{
    io,
    net::{SocketAddr, SocketAddrV4},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use crate::{
    browser::{Browser, OVERHEAD},
    telephones::{SLOT, Telephones},
    voice::{PACKETS_PER_SECOND, Voice, stamp},
};

/// How often the generator looks. More often costs it more, less often makes its packets come in bunches.
const TICK: Duration = Duration::from_micros(100);

/// How long packets on their way are waited for at the end.
const DRAIN: Duration = Duration::from_millis(400);

/// Handshakes under way at once, where they are not what is measured.
const HANDSHAKES: usize = 32;

/// Where a leg's packets go.
enum Port {
    Telephone { socket: usize, target: SocketAddrV4 },
    Browser(Box<Browser>),
}

struct Leg {
    port: Port,
    voice: Voice,
}

/// The legs of a run.
pub(crate) struct Traffic {
    pub(crate) telephones: Telephones,
    legs: Vec<Leg>,
    epoll: Epoll,
    browsers: usize,
}

/// What a run brought.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) seconds: f64,
    pub(crate) sent: u64,
    /// Stamped packets that came back out of the other side.
    pub(crate) relayed: u64,
    /// Other packets that came.
    pub(crate) made: u64,
    /// Microseconds from sending to arrival, sorted.
    pub(crate) delays_us: Vec<u32>,
    /// How far the generator fell behind at worst: beyond 20 ms the run says nothing.
    pub(crate) late: Duration,
}

impl Outcome {
    /// The delay that this share of the packets did not exceed, in milliseconds.
    pub(crate) fn delay_ms(&self, share: f64) -> f64 {
        let last = self.delays_us.len().saturating_sub(1);
        self.delays_us.get((last as f64 * share) as usize).map_or(0.0, |us| f64::from(*us) / 1000.0)
    }

    /// Packets that did not arrive, in parts of a million; nothing where no packet is relayed but all are made anew.
    pub(crate) fn lost_ppm(&self) -> f64 {
        if self.relayed == 0 && self.made > 0 {
            return 0.0;
        }
        self.sent.saturating_sub(self.relayed) as f64 * 1e6 / self.sent.max(1) as f64
    }
}

impl Traffic {
    pub(crate) fn new(network: u8) -> io::Result<Self> {
        Ok(Self {
            telephones: Telephones::open(network)?,
            legs: Vec::new(),
            epoll: Epoll::new(EpollCreateFlags::empty())?,
            browsers: 0,
        })
    }

    pub(crate) fn legs(&self) -> u32 {
        self.legs.len() as u32
    }

    /// A telephone whose socket [`Telephones::place`] named, sending to `target`.
    pub(crate) fn add_telephone(&mut self, target: SocketAddr, voice: Voice) -> io::Result<()> {
        let SocketAddr::V4(target) = target else {
            return Err(io::Error::other("telephones speak IPv4 here"));
        };
        let (socket, _) = self.telephones.place(self.legs());
        self.legs.push(Leg { port: Port::Telephone { socket, target }, voice });
        Ok(())
    }

    /// A page that knows the other side's description.
    pub(crate) fn add_browser(&mut self, browser: Browser, voice: Voice) -> io::Result<()> {
        let event = EpollEvent::new(EpollFlags::EPOLLIN, u64::from(self.legs()));
        self.epoll.add(browser.fd(), event)?;
        self.browsers += 1;
        self.legs.push(Leg { port: Port::Browser(Box::new(browser)), voice });
        Ok(())
    }

    /// Connects all pages, a few at a time; fails where one does not connect.
    pub(crate) fn connect(&mut self) -> io::Result<()> {
        self.connect_at_once(HANDSHAKES).map(drop)
    }

    /// Connects all pages, so many at once, and says how long that took.
    pub(crate) fn connect_at_once(&mut self, at_once: usize) -> io::Result<Duration> {
        let begun = Instant::now();
        let mut waiting: Vec<usize> = Vec::new();
        let mut next = 0;
        while begun.elapsed() < Duration::from_secs(60) {
            let now = Instant::now();
            let legs = &self.legs;
            waiting
                .retain(|&leg| !matches!(&legs[leg].port, Port::Browser(browser) if browser.is_connected()));
            while waiting.len() < at_once && next < self.legs.len() {
                if let Port::Browser(browser) = &mut self.legs[next].port
                    && !browser.is_connected()
                {
                    browser.begin(now)?;
                    waiting.push(next);
                }
                next += 1;
            }
            if waiting.is_empty() && next == self.legs.len() {
                return Ok(begun.elapsed());
            }
            if !self.receive(&mut Outcome::default())? {
                for &leg in &waiting {
                    if let Port::Browser(browser) = &mut self.legs[leg].port {
                        browser.handle_timeout(now);
                    }
                }
                thread::sleep(TICK);
            }
        }
        Err(io::Error::other(format!("{} pages did not connect", waiting.len())))
    }

    /// Talks for `seconds`.
    pub(crate) fn run(&mut self, seconds: f64) -> io::Result<Outcome> {
        let mut outcome = Outcome { seconds, ..Outcome::default() };
        let speakers: Vec<usize> =
            (0..self.legs.len()).filter(|&leg| self.legs[leg].voice.speaks()).collect();
        let per_second = speakers.len() as f64 * f64::from(PACKETS_PER_SECOND);
        let total = (per_second * seconds) as u64;
        let begun = Instant::now();
        let mut sent = 0_u64;
        while sent < total || begun.elapsed().as_secs_f64() < seconds {
            let elapsed = begun.elapsed();
            let due = ((elapsed.as_secs_f64() * per_second) as u64).min(total);
            let late = elapsed.saturating_sub(Duration::from_secs_f64(sent as f64 / per_second.max(1.0)));
            if sent < total {
                outcome.late = outcome.late.max(late);
            }
            for _ in 0..(due - sent).min(MOST_AT_ONCE) {
                self.speak(speakers[sent as usize % speakers.len()]);
                sent += 1;
            }
            self.telephones.flush();
            if !self.receive(&mut outcome)? && sent >= due {
                thread::sleep(TICK);
            }
        }
        outcome.seconds = begun.elapsed().as_secs_f64();
        outcome.sent = sent;
        Ok(outcome)
    }

    /// Waits for what is on its way, and sorts what was measured.
    pub(crate) fn drain(&mut self, outcome: &mut Outcome) -> io::Result<()> {
        let until = Instant::now() + DRAIN;
        while Instant::now() < until {
            if !self.receive(outcome)? {
                thread::sleep(TICK);
            }
        }
        outcome.delays_us.sort_unstable();
        Ok(())
    }

    fn speak(&mut self, index: usize) {
        let leg = &mut self.legs[index];
        let voice = &mut leg.voice;
        match &mut leg.port {
            Port::Telephone { socket, target } => {
                self.telephones.queue(*socket, *target, |slot| voice.write(index as u32, now_ns(), slot));
            }
            Port::Browser(browser) => {
                let mut slot = [0; SLOT + OVERHEAD];
                let length = voice.write(index as u32, now_ns(), &mut slot);
                browser.send(&mut slot, length);
            }
        }
    }

    fn receive(&mut self, outcome: &mut Outcome) -> io::Result<bool> {
        let mut any = self.telephones.receive(|_, packet, at| note(outcome, packet, at))?;
        if self.browsers == 0 {
            return Ok(any);
        }
        let mut events = [EpollEvent::empty(); 256];
        let count = self.epoll.wait(&mut events, EpollTimeout::ZERO)?;
        let now = Instant::now();
        let mut slot = [0; 2048];
        for event in &events[..count] {
            any = true;
            let Port::Browser(browser) = &mut self.legs[event.data() as usize].port else { continue };
            match browser.receive(now, &mut slot) {
                Ok(0) => {}
                Ok(length) => note(outcome, &slot[..length], None),
                // An ICMP answer to an earlier packet.
                Err(_) => {}
            }
        }
        Ok(any)
    }
}

fn note(outcome: &mut Outcome, packet: &[u8], at: Option<u64>) {
    match stamp(packet) {
        Some((_, sent)) => {
            outcome.relayed += 1;
            let delay = at.unwrap_or_else(now_ns).saturating_sub(sent) / 1000;
            outcome.delays_us.push(u32::try_from(delay).unwrap_or(u32::MAX));
        }
        None => outcome.made += 1,
    }
}

fn now_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

/// Packets sent before answers are read again.
const MOST_AT_ONCE: u64 = 256;
