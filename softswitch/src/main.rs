//! The softswitch: SIP registrar and B2BUA, WebRTC endpoints, media workers.
//!
//! The only place of the switch with tokio, sockets, threads, files and the clock; what it decides is decided in the
//! pure crates. See `ARCHITECTURE.md`.

mod addresses;
mod clip_files;
mod config;
mod control_link;
mod driver;
mod exposition;
mod health;
mod identity;
mod lanes;
mod media_task;
mod metrics;
mod packet_io;
mod random;
mod recordings;
mod sound_fetch;
mod sounds;
mod start;
mod state_file;
mod switch_task;
mod tls;
mod watchdog;
mod worker_handle;

use std::{io::IsTerminal, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use tracing_subscriber::{EnvFilter, fmt};

use config::{Config, LogFormat};

/// Signalling makes and drops many small values, which the system's allocator is slow at and scatters.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The Ringdown softswitch.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// The configuration file; without it, defaults and the environment.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Where state is kept; wins over the configuration.
    #[arg(long, value_name = "FOLDER", global = true)]
    state: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Runs the softswitch; so does no command at all.
    Run,
    /// Asks a running softswitch whether it is ready; exits with 0 if so.
    Check,
}

fn main() -> ExitCode {
    // The allocator asks for huge pages, each of which is in memory as soon as a byte of it is used: a call took two to
    // three times its memory, and packets were passed on no sooner.
    let _ = nix::sys::prctl::set_thp_disable(true);
    let arguments = Arguments::parse();
    let mut config = match Config::load(arguments.config.as_deref(), config::environment()) {
        Ok(config) => config,
        Err(error) => return refuse(&error),
    };
    if let Some(state) = arguments.state {
        config.state = state;
    }
    if let Err(error) = log(&config) {
        return refuse(&error);
    }
    tell_of_panics();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&error),
    };
    match arguments.command {
        Some(Action::Check) => match runtime.block_on(health::check(config.health_listen)) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => refuse(&"not ready"),
            Err(error) => refuse(&error),
        },
        None | Some(Action::Run) => match runtime.block_on(start::run(config)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => refuse(&error),
        },
    }
}

/// A panic is told by its place only: its words may hold what a message said, and that is somebody's.
fn tell_of_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
}

fn refuse(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("softswitch: {error}");
    ExitCode::FAILURE
}

fn log(config: &Config) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    // The DTLS library warns of every extension of a browser's ClientHello that it does not know.
    let filter = EnvFilter::try_new(format!("rtc_dtls=error,{}", config.log))?;
    let builder =
        fmt().with_env_filter(filter).with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    }
}
