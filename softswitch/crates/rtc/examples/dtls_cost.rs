//! What a DTLS-SRTP set-up costs our side, and how long a thousand take that begin at once. Run it in release.
//!
//! Both sides run on one thread by turns, as if the network took no time; only the time of our side is counted. The peers
//! are our own transport in the other role.

use std::time::{Duration, Instant};

use ringdown_rtc::{DtlsIdentity, DtlsOutput, DtlsRole, DtlsTransport};

fn main() {
    let ours = DtlsIdentity::generate().expect("the system has randomness");
    let theirs = DtlsIdentity::generate().expect("the system has randomness");
    println!(
        "| our role | at once | ours, each | set-ups a second | processor time of all |\n|---|---|---|---|---|"
    );
    for role in [DtlsRole::Server, DtlsRole::Client] {
        for at_once in [1, 1_000] {
            let rounds = if at_once == 1 { 500 } else { 3 };
            let mut each: Vec<Duration> =
                (0..rounds).map(|_| set_up(&ours, &theirs, role, at_once)).collect();
            each.sort_unstable();
            let all = each[each.len() / 2];
            let one = all / at_once;
            println!(
                "| {role:?} | {at_once} | {:.0} µs | {:.0} | {:.1} ms |",
                one.as_secs_f64() * 1e6,
                1.0 / one.as_secs_f64(),
                all.as_secs_f64() * 1e3
            );
        }
    }
}

/// The time our side takes for so many set-ups that run side by side: each side's turn is one stretch for all of them.
fn set_up(ours: &DtlsIdentity, theirs: &DtlsIdentity, role: DtlsRole, at_once: u32) -> Duration {
    let other = if role == DtlsRole::Server { DtlsRole::Client } else { DtlsRole::Server };
    let start = now();
    let mut clock = Stretch::begin();
    let mut mine: Vec<_> =
        (0..at_once).map(|_| DtlsTransport::new(start, ours, role, theirs.fingerprint())).collect();
    let mut answers: Vec<_> = mine.iter_mut().map(flights).collect();
    let mut spent = clock.end(at_once);
    let mut peers: Vec<_> =
        (0..at_once).map(|_| DtlsTransport::new(start, theirs, other, ours.fingerprint())).collect();
    while !mine.iter().chain(&peers).all(DtlsTransport::is_connected) {
        let turns = peers.iter_mut().zip(&mut answers);
        let mut questions: Vec<_> = turns.map(|(peer, flight)| turn(peer, start, flight)).collect();
        clock = Stretch::begin();
        let turns = mine.iter_mut().zip(&mut questions);
        answers = turns.map(|(mine, flight)| turn(mine, start, flight)).collect();
        spent += clock.end(at_once);
    }
    spent
}

fn turn(transport: &mut DtlsTransport, now: Instant, flight: &mut [Vec<u8>]) -> Vec<Vec<u8>> {
    for datagram in flight {
        transport.handle_datagram(now, datagram).expect("records of the other side");
    }
    flights(transport)
}

/// Our side's turn. One set-up is measured by the clock and the median counts; a thousand take long enough for the
/// thread's processor time, which other load leaves alone.
struct Stretch(Instant, Duration);

impl Stretch {
    fn begin() -> Self {
        Self(now(), processor_time())
    }

    fn end(&self, at_once: u32) -> Duration {
        if at_once == 1 { self.0.elapsed() } else { processor_time().saturating_sub(self.1) }
    }
}

/// What Linux counts for this thread, a few milliseconds late.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|field| field.parse().ok()).unwrap_or(0))
}

fn flights(transport: &mut DtlsTransport) -> Vec<Vec<u8>> {
    let outputs = std::iter::from_fn(|| transport.poll_output());
    outputs
        .filter_map(|output| match output {
            DtlsOutput::Transmit(bytes) => Some(bytes.to_vec()),
            _ => None,
        })
        .collect()
}

#[expect(clippy::disallowed_methods, reason = "a measurement needs the clock")]
fn now() -> Instant {
    Instant::now()
}
