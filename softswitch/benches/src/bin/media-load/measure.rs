//! One measurement: a program, a load, what it cost.

use std::{io, time::Duration};

use ringdown_benches::process::{CoreTime, Cost};
use ringdown_types::CodecId;

use crate::{
    description::{OPUS, PCMA, PCMU},
    subject::{Device, FIRST_ROOM, Forward, Forwarder, Ringdown, RtpEngine, Setup},
    traffic::{Outcome, Traffic},
    voice::{Voice, speech},
};

/// The program under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Under {
    /// Passes datagrams on and does nothing else.
    Forwarder,
    /// The same with connected sockets.
    ForwarderConnected,
    /// The same, looking at its sockets once in a millisecond.
    ForwarderGathering,
    /// The same with both.
    ForwarderConnectedGathering,
    Ringdown,
    Rtpengine,
}

/// Who talks with whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scenario {
    /// Two telephones.
    RtpRtp,
    /// A page and a telephone.
    WebrtcRtp,
    /// Two pages.
    WebrtcWebrtc,
    /// A telephone with Opus and one with G.711.
    OpusPcma,
    /// Rooms of telephones with G.711; a call is a member.
    ConferencePcma,
    /// Rooms of telephones with Opus; a call is a member.
    ConferenceOpus,
    /// Telephones that hear themselves; a call is a telephone.
    Echo,
    /// Held telephones that hear music and say nothing.
    Held,
}

/// A load.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) under: Under,
    pub(crate) scenario: Scenario,
    pub(crate) calls: u32,
    pub(crate) seconds: f64,
}

/// What was measured.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) load: Load,
    /// Of a core for each call, in percent: the program's own time.
    pub(crate) core_percent: f64,
    /// The same of the generator, which pays for what it receives.
    pub(crate) generator_percent: f64,
    /// How busy its core was with everything, of 1.
    pub(crate) core_busy: f64,
    pub(crate) lost_ppm: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// Packets a second that came and were not the relayed ones.
    pub(crate) made_per_second: f64,
    pub(crate) memory_kb: f64,
    pub(crate) late: Duration,
}

/// How long calls talk before they are measured.
const WARM_UP: f64 = 1.0;

/// Members of a room.
const ROOM: u32 = 20;

impl Measured {
    pub(crate) fn line(&self) -> String {
        format!(
            "{:?} {:?}, {} calls: {:.4} % of a core each ({:.2} µs a packet), generator {:.4} %, core {:.0} % busy, {:.0} of a million lost, \
             delay p50 {:.2} p99 {:.2} ms, {:.0} other packets/s, {:.1} kB each, generator late {:.1} ms",
            self.load.under,
            self.load.scenario,
            self.load.calls,
            self.core_percent,
            self.core_percent * 100.0,
            self.generator_percent,
            self.core_busy * 100.0,
            self.lost_ppm,
            self.p50_ms,
            self.p99_ms,
            self.made_per_second,
            self.memory_kb,
            self.late.as_secs_f64() * 1000.0,
        )
    }
}

/// Measures.
pub(crate) fn measure(setup: &Setup, load: Load) -> io::Result<Measured> {
    let network = network();
    let mut traffic = Traffic::new(network)?;
    match load.under {
        Under::Forwarder
        | Under::ForwarderConnected
        | Under::ForwarderGathering
        | Under::ForwarderConnectedGathering => {
            let forward = Forward {
                connected: matches!(
                    load.under,
                    Under::ForwarderConnected | Under::ForwarderConnectedGathering
                ),
                gather: matches!(load.under, Under::ForwarderGathering | Under::ForwarderConnectedGathering),
                play: load.scenario == Scenario::Held,
            };
            let mut forwarder = Forwarder::start(setup, forward)?;
            let base = Cost::of(forwarder.pid());
            add_plain(&mut traffic, load, |a, b| forwarder.open_call(a, b))?;
            forwarder.begin()?;
            talk(setup, load, (forwarder.pid(), base), &mut traffic)
        }
        Under::Rtpengine => {
            let mut engine = RtpEngine::start(setup)?;
            let base = Cost::of(engine.pid());
            add_plain(&mut traffic, load, |a, b| engine.open_call([a, b], PCMA))?;
            talk(setup, load, (engine.pid(), base), &mut traffic)
        }
        Under::Ringdown => {
            let mut ringdown = Ringdown::start(setup, load.calls * 2, network)?;
            let base = call(&mut ringdown, &mut traffic, load)?;
            traffic.connect()?;
            ringdown.be_polite()?;
            talk(setup, load, (ringdown.pid(), base), &mut traffic)
        }
    }
}

/// So many pages that connect at the same moment, as after an outage: how long until all are there, and what one costs
/// the program, in microseconds.
pub(crate) fn connect_pages(setup: &Setup, pages: u32) -> io::Result<(Duration, f64)> {
    let network = network();
    let mut traffic = Traffic::new(network)?;
    let mut ringdown = Ringdown::start(setup, pages * 2, network)?;
    for _ in 0..pages {
        ringdown.call_number(&mut traffic, Device::Page(OPUS), ECHO_TEST, Voice::silent())?;
    }
    let before = Cost::of(ringdown.pid());
    let took = traffic.connect_at_once(pages as usize)?;
    let after = Cost::of(ringdown.pid());
    Ok((took, (after.cpu_us - before.cpu_us) / f64::from(pages.max(1))))
}

/// Another run of this tool has other addresses.
fn network() -> u8 {
    80 + (std::process::id() % 100) as u8
}

/// The number of the echo test.
const ECHO_TEST: &str = "*43";

fn add_plain(
    traffic: &mut Traffic,
    load: Load,
    mut open: impl FnMut(std::net::SocketAddr, std::net::SocketAddr) -> io::Result<[std::net::SocketAddr; 2]>,
) -> io::Result<()> {
    for _ in 0..load.calls {
        let leg = traffic.legs();
        let targets = open(traffic.telephones.place(leg).1, traffic.telephones.place(leg + 1).1)?;
        for target in targets {
            let voice = match load.scenario {
                Scenario::Held => Voice::silent(),
                _ => Voice::stamped(traffic.legs(), PCMA),
            };
            traffic.add_telephone(target, voice)?;
        }
    }
    Ok(())
}

/// Makes the calls; what the program cost before them.
fn call(ringdown: &mut Ringdown, traffic: &mut Traffic, load: Load) -> io::Result<Cost> {
    let telephone = Device::Telephone(PCMA);
    let page = Device::Page(PCMA);
    let pair = match load.scenario {
        Scenario::RtpRtp | Scenario::Held => [telephone, telephone],
        Scenario::WebrtcRtp => [page, telephone],
        Scenario::WebrtcWebrtc => [page, page],
        Scenario::OpusPcma => [Device::Telephone(OPUS), telephone],
        Scenario::ConferencePcma | Scenario::ConferenceOpus | Scenario::Echo => {
            return call_numbers(ringdown, traffic, load);
        }
    };
    ringdown.register(load.calls, pair[1])?;
    let base = Cost::of(ringdown.pid());
    let (opus, pcma) = (speech(CodecId::Opus)?, speech(CodecId::Pcma)?);
    for _ in 0..load.calls {
        let leg = traffic.legs();
        let voices = match load.scenario {
            Scenario::OpusPcma => [Voice::frames(leg, OPUS, &opus), Voice::frames(leg + 1, PCMA, &pcma)],
            Scenario::Held => [Voice::silent(), Voice::silent()],
            _ => [Voice::stamped(leg, PCMA), Voice::stamped(leg + 1, PCMA)],
        };
        ringdown.open_call(traffic, pair, voices)?;
        if load.scenario == Scenario::Held {
            ringdown.hold_last(traffic, PCMA)?;
        }
    }
    Ok(base)
}

fn call_numbers(ringdown: &mut Ringdown, traffic: &mut Traffic, load: Load) -> io::Result<Cost> {
    let base = Cost::of(ringdown.pid());
    let format = if load.scenario == Scenario::ConferenceOpus { OPUS } else { PCMU };
    let frames = speech(format.codec)?;
    for index in 0..load.calls {
        let leg = traffic.legs();
        let (number, voice) = match load.scenario {
            Scenario::Echo => (ECHO_TEST.to_owned(), Voice::stamped(leg, format)),
            // Two of a room talk, as people do.
            _ if index % ROOM < 2 => {
                ((FIRST_ROOM + index / ROOM).to_string(), Voice::frames(leg, format, &frames))
            }
            _ => ((FIRST_ROOM + index / ROOM).to_string(), Voice::quiet(leg, format)?),
        };
        ringdown.call_number(traffic, Device::Telephone(format), &number, voice)?;
    }
    Ok(base)
}

fn talk(setup: &Setup, load: Load, (pid, base): (u32, Cost), traffic: &mut Traffic) -> io::Result<Measured> {
    let mut warm = traffic.run(WARM_UP)?;
    traffic.drain(&mut warm)?;
    let own = std::process::id();
    let (before, own_before, core) = (Cost::of(pid), Cost::of(own), CoreTime::of(setup.core));
    let mut outcome: Outcome = traffic.run(load.seconds)?;
    let core_busy = CoreTime::of(setup.core).busy_since(core);
    let (after, own_after) = (Cost::of(pid), Cost::of(own));
    let made = outcome.made;
    traffic.drain(&mut outcome)?;
    let calls = f64::from(load.calls.max(1));
    let percent = |us: f64| us / 1e4 / outcome.seconds / calls;
    let core_us = after.cpu_us - before.cpu_us;
    Ok(Measured {
        load,
        core_percent: percent(core_us),
        // The program under test is among its children.
        generator_percent: percent(own_after.cpu_us - own_before.cpu_us - core_us),
        core_busy,
        lost_ppm: outcome.lost_ppm(),
        p50_ms: outcome.delay_ms(0.5),
        p99_ms: outcome.delay_ms(0.99),
        made_per_second: made as f64 / outcome.seconds,
        memory_kb: after.memory_kb.saturating_sub(base.memory_kb) as f64 / calls,
        late: outcome.late,
    })
}
