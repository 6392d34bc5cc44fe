//! `session-load`: what connected pages cost the app server. Thousands of simulated pages sign in over WebSocket, see
//! each other's presence, and come back after the server was killed.

mod crowd;
mod page;
mod server;

use std::{
    collections::VecDeque,
    io,
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser;
use ringdown_benches::process::Cost;
use serde_json::json;

use crowd::Crowd;
use page::Page;
use server::Server;

/// Simulated pages that load an app server.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// Pages.
    #[arg(long, default_value_t = 10_000)]
    sessions: usize,
    /// People; each has as many of the pages as the others.
    #[arg(long, default_value_t = 400)]
    accounts: usize,
    /// Changes of presence that are told, one after the other.
    #[arg(long, default_value_t = 40)]
    changes: usize,
    /// Pages that connect at once while the company arrives.
    #[arg(long, default_value_t = 200)]
    at_once: usize,
    /// The app server.
    #[arg(long, default_value = "target/release/appserver")]
    program: PathBuf,
    /// The core it runs on; pin the tool to another with `taskset`.
    #[arg(long, default_value_t = 0)]
    core: usize,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("session-load: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> io::Result<()> {
    let &Arguments { sessions, accounts, .. } = arguments;
    let mut server = Server::start(&arguments.program, arguments.core, sessions)?;
    eprintln!("{accounts} people are employed …");
    let tokens = server.employ(accounts)?;
    // Hashing passwords takes memory and threads that are not the pages'.
    server.restart()?;
    let pages = (0..sessions).filter_map(|index| {
        let token = tokens.get(index % accounts)?;
        Some(Page::new(index, &json!({"token": token, "client": {"name": "session-load", "version": "1"}})))
    });
    let mut crowd = Crowd::new(pages.collect(), server.address)?;
    println!("| what | figure |\n|---|---|");
    arrive(&mut crowd, &server, arguments)?;
    // Two rounds of pings.
    let still = Cost::of(server.pid());
    watch(&mut crowd, Duration::from_secs(50), |_, _, _| false)?;
    let idle = Cost::of(server.pid()).cpu_us - still.cpu_us;
    println!("| {sessions} idle pages | {:.2} % of a core |", idle / 50.0 / 1e6 * 100.0);
    tell_presence(&mut crowd, &server, arguments)?;
    come_back(&mut crowd, &mut server, arguments)
}

/// Carries on for `span`, or until `done`; fails where the server refused a page.
fn watch(crowd: &mut Crowd, span: Duration, done: impl FnMut(&Crowd, usize, &str) -> bool) -> io::Result<()> {
    crowd.run(Instant::now() + span, done)?;
    match crowd.refusal.take() {
        None => Ok(()),
        Some(reason) => Err(io::Error::other(format!("the server refused a page: {reason}"))),
    }
}

/// The company arrives: what a sign-in and a session cost.
fn arrive(crowd: &mut Crowd, server: &Server, arguments: &Arguments) -> io::Result<()> {
    let sessions = arguments.sessions;
    let before = Cost::of(server.pid());
    let began = Instant::now();
    let mut started = 0;
    while crowd.ready() < sessions {
        if began.elapsed() > Duration::from_secs(300) {
            return Err(io::Error::other(format!("only {} pages are ready", crowd.ready())));
        }
        let ready = crowd.ready();
        while started < sessions && started - ready < arguments.at_once {
            crowd.connect(started)?;
            started += 1;
        }
        watch(crowd, Duration::from_millis(20), |_, _, _| false)?;
    }
    let took = began.elapsed();
    let after = Cost::of(server.pid());
    println!(
        "| arrival of {sessions} pages of {} people | {:.1} s, {:.0} µs CPU each |",
        arguments.accounts,
        took.as_secs_f64(),
        (after.cpu_us - before.cpu_us) / sessions as f64
    );
    // What was gathered meanwhile is told.
    watch(crowd, Duration::from_secs(3), |_, _, _| false)?;
    let memory = Cost::of(server.pid()).memory_kb.saturating_sub(before.memory_kb);
    println!(
        "| memory | {:.1} kB a page, {} MB before |",
        memory as f64 / sessions as f64,
        before.memory_kb / 1024
    );
    Ok(())
}

/// Somebody says what they do; when does the last page know?
fn tell_presence(crowd: &mut Crowd, server: &Server, arguments: &Arguments) -> io::Result<()> {
    let before = Cost::of(server.pid());
    let (mut delays, mut told, mut most) = (Vec::new(), 0_usize, arguments.sessions);
    for change in 0..arguments.changes {
        let speaker = change * 97 % arguments.sessions;
        let note = format!("change {change}");
        let mark = format!("\"note\":\"{note}\"");
        let Some(page) = crowd.pages.get_mut(speaker) else { continue };
        page.request("presence.set", &json!({"note": note})).map_err(io::Error::other)?;
        let (began, mut heard) = (Instant::now(), Vec::new());
        watch(crowd, Duration::from_millis(1_500), |_, _, text| {
            if text.contains(&mark) {
                heard.push(began.elapsed());
            }
            heard.len() == most
        })?;
        // In a large company not everybody knows the speaker; those who do are as many each time.
        most = heard.len().max(1);
        told += heard.len();
        delays.append(&mut heard);
    }
    delays.sort_unstable();
    let at = |share: f64| {
        let place = (delays.len() as f64 * share) as usize;
        delays.get(place.min(delays.len().saturating_sub(1))).copied().unwrap_or_default().as_secs_f64() * 1e3
    };
    let cost = Cost::of(server.pid()).cpu_us - before.cpu_us;
    println!(
        "| a change of presence reaches {} pages | p50 {:.0} ms, p95 {:.0} ms, last {:.0} ms |",
        told / arguments.changes.max(1),
        at(0.5),
        at(0.95),
        at(1.0)
    );
    println!(
        "| its cost | {:.1} ms CPU, {:.1} µs a page |",
        cost / 1e3 / arguments.changes.max(1) as f64,
        cost / told.max(1) as f64
    );
    Ok(())
}

/// The server is killed and starts again: until everybody has their session back.
fn come_back(crowd: &mut Crowd, server: &mut Server, arguments: &Arguments) -> io::Result<()> {
    let began = Instant::now();
    let started = server.restart()?;
    let mut back = VecDeque::new();
    watch(crowd, Duration::from_secs(60), |crowd, _, text| {
        if text.is_empty() {
            back.push_back(began.elapsed());
        }
        back.len() >= arguments.sessions && crowd.ready() == arguments.sessions
    })?;
    let cost = Cost::of(server.pid());
    let half = back.get(back.len() / 2).copied().unwrap_or_default();
    println!("| restart: ready again | {:.0} ms |", started.as_secs_f64() * 1e3);
    println!(
        "| {} of {} pages back | half after {:.1} s, all after {:.1} s, {:.0} µs CPU each |",
        crowd.ready(),
        arguments.sessions,
        half.as_secs_f64(),
        began.elapsed().as_secs_f64(),
        cost.cpu_us / arguments.sessions as f64
    );
    watch(crowd, Duration::from_secs(3), |_, _, _| false)?;
    println!(
        "| memory then | {:.1} kB a page, everything counted |",
        Cost::of(server.pid()).memory_kb as f64 / arguments.sessions as f64
    );
    if crowd.ready() < arguments.sessions {
        return Err(io::Error::other("not everybody came back"));
    }
    Ok(())
}
