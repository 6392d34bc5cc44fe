//! `sip-load`: what signalling costs. It simulates telephones over UDP and measures the processor time of the program
//! that serves them, which holds on a busy machine where rates and delays do not.

mod callee;
mod compare;
mod generator;
mod outcome;
mod server;
mod sockets;

use std::{io, net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Parser, Subcommand};

use generator::{Generator, Plan, Scenario};
use ringdown_benches::{digest::Algorithm, phones::Authentication};
use server::{Kind, REALM, Server, Setup};

/// Simulated telephones that load a SIP server.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Starts one program, loads it, and says what that cost.
    Run(Run),
    /// Measures the softswitch and Kamailio, and prints the table of `docs/performance.md`.
    Compare {
        #[command(flatten)]
        effort: compare::Effort,
        #[command(flatten)]
        programs: Programs,
    },
}

/// What is started, and where.
#[derive(Debug, Clone, clap::Args)]
struct Programs {
    /// Telephone accounts.
    #[arg(long, default_value_t = 10_000)]
    users: u32,
    /// The folder of the softswitch's binary.
    #[arg(long, default_value = "target/release")]
    binaries: PathBuf,
    /// The core of the program under test; pin the generator to another with `taskset`.
    #[arg(long, default_value_t = 0)]
    core: usize,
}

impl Programs {
    fn setup(&self) -> Setup {
        Setup {
            binaries: self.binaries.clone(),
            kamailio_config: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/kamailio.cfg")),
            core: self.core,
            users: self.users,
        }
    }
}

#[derive(Debug, clap::Args)]
struct Run {
    #[command(flatten)]
    programs: Programs,
    /// `ringdown`, `kamailio`, or `kamailio-challenging` (which has INVITEs prove their password, too).
    #[arg(long, default_value = "ringdown")]
    server: String,
    #[arg(long, value_enum, default_value = "call")]
    scenario: What,
    /// Units a second.
    #[arg(long, default_value_t = 1000.0)]
    rate: f64,
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Addresses the telephones share.
    #[arg(long, default_value_t = 256)]
    sources: u16,
    #[arg(long, value_enum, default_value = "reused")]
    authentication: Authentication,
    #[arg(long, value_enum, default_value = "md5")]
    algorithm: Algorithm,
    /// How long a call lasts, in milliseconds.
    #[arg(long, default_value_t = 0)]
    hold: u64,
    /// Calls held while the load lasts.
    #[arg(long, default_value_t = 0)]
    held: u32,
    /// Registrations a second before the load begins.
    #[arg(long, default_value_t = 5_000.0)]
    register_rate: f64,
    /// How often the load is offered to the same program, one after the other: shows what its memory does.
    #[arg(long, default_value_t = 1)]
    repeat: u32,
    /// Fails unless every call and registration went through: for tests.
    #[arg(long)]
    check: bool,
    /// A program that runs already, instead of one that is started.
    #[arg(long)]
    target: Option<SocketAddr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    Register,
    Call,
    /// All telephones register with a server that has forgotten them, while a hundred call each other.
    Storm,
}

fn main() -> ExitCode {
    let Arguments { action } = Arguments::parse();
    let result = match action {
        Action::Run(run) => run.perform(),
        Action::Compare { effort, programs } => compare::compare(&programs.setup(), effort),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sip-load: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Run {
    fn perform(self) -> io::Result<()> {
        let kind = match self.server.as_str() {
            "ringdown" => Kind::Ringdown(self.algorithm),
            "kamailio" => Kind::Kamailio { challenges_calls: false },
            "kamailio-challenging" => Kind::Kamailio { challenges_calls: true },
            other => return Err(io::Error::other(format!("no server `{other}`"))),
        };
        let setup = self.programs.setup();
        let server = match self.target {
            Some(_) => None,
            None => Some(Server::start(kind, &setup)?),
        };
        let target = self.target.or(server.as_ref().map(|server| server.address));
        let plan = Plan {
            target: target.ok_or_else(|| io::Error::other("no target"))?,
            realm: REALM.to_owned(),
            users: setup.users,
            sources: self.sources,
            authentication: self.authentication,
            algorithm: self.algorithm,
            pid: server.as_ref().map(Server::pid),
        };
        let mut generator = Generator::new(plan)?;
        let first = if self.scenario == What::Storm { STORM_CALLERS } else { setup.users };
        let registered = generator.register_first(first, self.register_rate)?;
        println!("registering: {}", registered.line());
        let scenario = match self.scenario {
            What::Register => Scenario::Register,
            What::Call => Scenario::Call { hold: Duration::from_millis(self.hold), held: self.held },
            What::Storm => Scenario::Storm { callers: STORM_CALLERS, calls: STORM_CALLS },
        };
        let seconds = match self.scenario {
            What::Storm => f64::from(setup.users - STORM_CALLERS) / self.rate,
            What::Register | What::Call => self.seconds,
        };
        let mut failures = registered.failures();
        for _ in 0..self.repeat {
            let outcome = generator.offer(scenario, self.rate, seconds)?;
            println!("{}", outcome.line());
            failures += outcome.failures();
        }
        if self.check && failures > 0 {
            return Err(io::Error::other("not everything went through"));
        }
        Ok(())
    }
}

/// Telephones that call each other while the others come back.
const STORM_CALLERS: u32 = 100;

/// Their calls, a second.
const STORM_CALLS: u32 = 100;
