//! `media-load`: what media costs. Simulated telephones and pages talk through whole programs; the processor time of
//! those for each call is measured, beside a bare forwarder and a peer in the same run.

mod browser;
mod description;
mod line;
mod measure;
mod office;
mod subject;
mod table;
mod telephones;
mod traffic;
mod voice;

use std::{io, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use measure::{Load, Scenario, Under};
use subject::{Forward, Setup};
use table::Effort;

/// Simulated devices that load a media server.
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
    /// Has pages connect at the same moment, as after an outage.
    Connect {
        #[command(flatten)]
        programs: Programs,
        #[arg(long, default_value_t = 1000)]
        pages: u32,
    },
    /// Measures everything and prints the tables of `docs/performance.md`.
    All {
        #[command(flatten)]
        effort: Effort,
        #[command(flatten)]
        programs: Programs,
    },
    /// The bare forwarder that others are compared with; started by the other commands.
    #[command(hide = true)]
    Forward(Forward),
}

/// What is started, and where.
#[derive(Debug, Clone, clap::Args)]
struct Programs {
    /// The folder of the softswitch's binary.
    #[arg(long, default_value = "target/release")]
    binaries: PathBuf,
    /// The folder of a sound pack; what plays sounds is left out without one.
    #[arg(long)]
    sounds: Option<PathBuf>,
    /// The core of the program under test; pin the generator to another with `taskset`.
    #[arg(long, default_value_t = 0)]
    core: usize,
}

impl Programs {
    fn setup(&self) -> Setup {
        Setup { binaries: self.binaries.clone(), sounds: self.sounds.clone(), core: self.core }
    }
}

#[derive(Debug, clap::Args)]
struct Run {
    #[command(flatten)]
    programs: Programs,
    #[arg(long, value_enum, default_value = "ringdown")]
    under: Under,
    #[arg(long, value_enum, default_value = "rtp-rtp")]
    scenario: Scenario,
    /// Calls at once.
    #[arg(long, default_value_t = 200)]
    calls: u32,
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
    /// How often.
    #[arg(long, default_value_t = 1)]
    rounds: u32,
    /// Another folder with a softswitch: both are measured by turns.
    #[arg(long)]
    against: Option<PathBuf>,
    /// Fails unless every relayed packet came through: for tests.
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    let Arguments { action } = Arguments::parse();
    let result = match action {
        Action::Run(run) => run.perform(),
        Action::Connect { programs, pages } => {
            measure::connect_pages(&programs.setup(), pages).map(|(took, each)| {
                println!(
                    "{pages} pages at once: all after {:.2} s, {each:.0} µs of processor each",
                    took.as_secs_f64()
                );
            })
        }
        Action::All { effort, programs } => table::all(&programs.setup(), effort),
        Action::Forward(forward) => forward.perform(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("media-load: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Run {
    fn perform(self) -> io::Result<()> {
        let mut setups = vec![("", self.programs.setup())];
        if let Some(binaries) = &self.against {
            setups.push(("against ", Setup { binaries: binaries.clone(), ..self.programs.setup() }));
        }
        let load =
            Load { under: self.under, scenario: self.scenario, calls: self.calls, seconds: self.seconds };
        for round in 1..=self.rounds {
            for (name, setup) in &setups {
                let measured = measure::measure(setup, load)?;
                println!("{name}round {round}: {}", measured.line());
                if self.check && measured.lost_ppm > 0.0 {
                    return Err(io::Error::other("not every packet came through"));
                }
            }
        }
        Ok(())
    }
}
