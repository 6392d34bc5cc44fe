//! What a DTLS-SRTP set-up costs our side, and how long a thousand take that begin at once. Run it in release.
//!
//! Both sides run on one thread, each datagram of one side before the other's answer, as if the network took no time;
//! only the time of our side is counted. The peers are our own transport in the other role.

use std::time::{Duration, Instant};

use ringdown_rtc::{DtlsIdentity, DtlsOutput, DtlsRole, DtlsTransport};

fn main() {
    let ours = DtlsIdentity::generate().expect("the system has randomness");
    let theirs = DtlsIdentity::generate().expect("the system has randomness");
    println!(
        "| our role | at once | ours, each | set-ups a second | all are up after |\n|---|---|---|---|---|"
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

/// The time our side takes for so many set-ups that run side by side.
fn set_up(ours: &DtlsIdentity, theirs: &DtlsIdentity, role: DtlsRole, at_once: u32) -> Duration {
    let other = if role == DtlsRole::Server { DtlsRole::Client } else { DtlsRole::Server };
    let mut spent = Duration::ZERO;
    let start = now();
    let mut pairs: Vec<(DtlsTransport, DtlsTransport)> = (0..at_once)
        .map(|_| {
            let began = now();
            let mine = DtlsTransport::new(start, ours, role, theirs.fingerprint());
            spent += began.elapsed();
            (mine, DtlsTransport::new(start, theirs, other, ours.fingerprint()))
        })
        .collect();
    while !pairs.iter().all(|(mine, peer)| mine.is_connected() && peer.is_connected()) {
        for (mine, peer) in &mut pairs {
            for mut datagram in flights(peer) {
                let began = now();
                mine.handle_datagram(start, &mut datagram).expect("records of the peer");
                spent += began.elapsed();
            }
        }
        for (mine, peer) in &mut pairs {
            let began = now();
            let datagrams = flights(mine);
            spent += began.elapsed();
            for mut datagram in datagrams {
                peer.handle_datagram(start, &mut datagram).expect("our records");
            }
        }
    }
    spent
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
