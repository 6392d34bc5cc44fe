//! The tables of `docs/performance.md`: everything in one run, by turns. Of each measurement the median counts.

use std::io;

use crate::{
    measure::{Load, Measured, Scenario, Under, connect_pages, measure},
    subject::{RtpEngine, Setup},
};

/// How hard and how often.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Effort {
    /// Relayed calls at once, where calls are compared.
    #[arg(long, default_value_t = 500)]
    calls: u32,
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
    /// How often each is measured.
    #[arg(long, default_value_t = 2)]
    rounds: usize,
}

/// The delay that no more than one packet of a hundred may exceed where calls are counted, in milliseconds.
const MOST_DELAY_MS: f64 = 5.0;

/// How many calls at once are tried.
const STEPS: [u32; 5] = [500, 1000, 1500, 2000, 3000];

/// Measures and prints everything.
pub(crate) fn all(setup: &Setup, effort: Effort) -> io::Result<()> {
    let has_peer = RtpEngine::is_installed();
    if !has_peer {
        eprintln!(
            "rtpengine is not installed (apt-get install --no-install-recommends rtpengine-daemon): left out"
        );
    }
    relays(setup, effort, has_peer)?;
    others(setup, effort)?;
    most_calls(setup, effort, has_peer)?;
    let (took, each) = connect_pages(setup, PAGES)?;
    println!(
        "\n{PAGES} pages that connect at the same moment are all there after {:.2} s; ICE, DTLS and keys cost {each:.0} µs \
         of processor each.",
        took.as_secs_f64()
    );
    Ok(())
}

/// Pages that come back at once.
const PAGES: u32 = 1000;

/// What the core does beside relaying. A unit is a call, a member or a listener.
fn others(setup: &Setup, effort: Effort) -> io::Result<()> {
    let rows = [
        ("sending 50 packets a second, nothing else", Under::Forwarder, Scenario::Held, 400),
        ("**music to a held telephone**", Under::Ringdown, Scenario::Held, 400),
        ("**call between Opus and PCMA, transcoded both ways**", Under::Ringdown, Scenario::OpusPcma, 60),
        (
            "**member of a room of 20, two of whom talk, G.711**",
            Under::Ringdown,
            Scenario::ConferencePcma,
            100,
        ),
        (
            "**member of a room of 20, two of whom talk, Opus**",
            Under::Ringdown,
            Scenario::ConferenceOpus,
            100,
        ),
    ];
    println!(
        "\n| what | at once | CPU each, of a core | packets a second to each | memory each |\n|---|---|---|---|---|"
    );
    if setup.sounds.is_none() {
        eprintln!("no sound pack is named (--sounds): music is left out");
    }
    let has_music = |scenario| scenario != Scenario::Held || setup.sounds.is_some();
    for (what, under, scenario, calls) in rows.into_iter().filter(|row| has_music(row.2)) {
        let load = Load { under, scenario, calls, seconds: effort.seconds };
        let mut outcomes = Vec::new();
        for _ in 0..effort.rounds {
            let measured = measure(setup, load)?;
            eprintln!("{}", measured.line());
            outcomes.push(measured);
        }
        outcomes.sort_by(|one, two| one.core_percent.total_cmp(&two.core_percent));
        let median = &outcomes[outcomes.len() / 2];
        let heard = median.made_per_second / f64::from(calls);
        println!(
            "| {what} | {calls} | {:.4} % | {heard:.1} | {:.0} kB |",
            median.core_percent, median.memory_kb
        );
    }
    Ok(())
}

fn relays(setup: &Setup, effort: Effort, has_peer: bool) -> io::Result<()> {
    let rows = [
        ("bare forwarder, recvfrom and sendto", Under::Forwarder, Scenario::RtpRtp),
        ("bare forwarder, connected sockets", Under::ForwarderConnected, Scenario::RtpRtp),
        ("the same, looking once in a millisecond", Under::ForwarderGathering, Scenario::RtpRtp),
        ("the same with connected sockets", Under::ForwarderConnectedGathering, Scenario::RtpRtp),
        ("rtpengine, user space, RTP ↔ RTP", Under::Rtpengine, Scenario::RtpRtp),
        ("**Ringdown, RTP ↔ RTP**", Under::Ringdown, Scenario::RtpRtp),
        ("**Ringdown, WebRTC ↔ RTP**", Under::Ringdown, Scenario::WebrtcRtp),
        ("**Ringdown, WebRTC ↔ WebRTC**", Under::Ringdown, Scenario::WebrtcWebrtc),
    ];
    let rows: Vec<_> = rows.into_iter().filter(|row| has_peer || row.1 != Under::Rtpengine).collect();
    let mut outcomes: Vec<Vec<Measured>> = rows.iter().map(|_| Vec::new()).collect();
    // Round by round, so that whatever else the machine does meets all alike.
    for round in 0..effort.rounds {
        for ((_, under, scenario), outcomes) in rows.iter().zip(&mut outcomes) {
            let load =
                Load { under: *under, scenario: *scenario, calls: effort.calls, seconds: effort.seconds };
            let measured = measure(setup, load)?;
            eprintln!("round {}: {}", round + 1, measured.line());
            outcomes.push(measured);
        }
    }
    println!(
        "\n{} calls of two legs, 100 packets a second each.\n\n\
         | what | CPU a call, of a core | ratio | with the generator's | delay p50 / p99 | lost | memory a call |\n\
         |---|---|---|---|---|---|---|",
        effort.calls
    );
    let mut base = None;
    for ((what, ..), outcomes) in rows.iter().zip(&mut outcomes) {
        outcomes.sort_by(|one, two| one.core_percent.total_cmp(&two.core_percent));
        let median = &outcomes[outcomes.len() / 2];
        let base = *base.get_or_insert(median.core_percent);
        println!(
            "| {what} | {:.4} % | {:.2} | {:.4} % | {:.2} / {:.2} ms | {:.0} ppm | {:.0} kB |",
            median.core_percent,
            median.core_percent / base,
            median.core_percent + median.generator_percent,
            median.p50_ms,
            median.p99_ms,
            median.lost_ppm,
            median.memory_kb,
        );
    }
    Ok(())
}

fn most_calls(setup: &Setup, effort: Effort, has_peer: bool) -> io::Result<()> {
    println!(
        "\n| calls at once on one core | most without loss, p99 ≤ 5 ms | then | beyond |\n|---|---|---|---|"
    );
    let rows = [
        ("bare forwarder", Under::Forwarder),
        ("rtpengine, user space", Under::Rtpengine),
        ("**Ringdown, RTP ↔ RTP**", Under::Ringdown),
    ];
    for (what, under) in rows.into_iter().filter(|row| has_peer || row.1 != Under::Rtpengine) {
        let (mut best, mut beyond) = (None, None);
        for calls in STEPS {
            let load = Load { under, scenario: Scenario::RtpRtp, calls, seconds: effort.seconds };
            let measured = measure(setup, load)?;
            eprintln!("{}", measured.line());
            if measured.lost_ppm > 0.0 || measured.p99_ms > MOST_DELAY_MS {
                beyond = Some(measured);
                break;
            }
            best = Some(measured);
        }
        let figures = |measured: &Measured| {
            let Measured { load, p50_ms, p99_ms, lost_ppm, core_busy, .. } = measured;
            let busy = core_busy * 100.0;
            format!(
                "{}: p50 {p50_ms:.2}, p99 {p99_ms:.2} ms, {lost_ppm:.0} ppm lost, core {busy:.0} % busy",
                load.calls
            )
        };
        println!(
            "| {what} | {} | {} | {} |",
            best.as_ref().map_or(0, |best| best.load.calls),
            best.as_ref().map_or_else(String::new, figures),
            beyond.as_ref().map_or_else(|| "not reached".to_owned(), figures),
        );
    }
    Ok(())
}
