//! Runs the app server.

use std::{
    io::{IsTerminal as _, Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::{Parser, Subcommand};
use ringdown_appserver::{
    config::{Config, LogFormat},
    server::Server,
};
use tokio::signal::unix::{SignalKind, signal};

/// The app server of Ringdown: accounts, sessions, presence, history and web pages.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The configuration file; config.example.toml shows every key.
    #[arg(long, global = true, env = "RINGDOWN_CONFIG")]
    config: Option<PathBuf>,
    /// The state folder; wins over the file and the environment.
    #[arg(long, global = true)]
    state: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Asks the server on this host whether it is ready; exits with 0 if so.
    Check,
    /// Saves the SQLite stores in the state folder as backups/NAME, while the server runs. PostgreSQL saves itself.
    Backup {
        /// Letters, digits and hyphens.
        name: String,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut config = Config::load(arguments.config.as_deref(), |name| std::env::var(name).ok())?;
    if let Some(state) = arguments.state {
        config.state = state;
    }
    match arguments.command {
        Some(Command::Check) => Ok(check(&config)),
        Some(Command::Backup { name }) => back_up(&config, &name),
        None => {
            start_log(&config)?;
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(run(&config))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn back_up(config: &Config, name: &str) -> anyhow::Result<ExitCode> {
    if config.database_url.is_some() {
        println!("the database is a PostgreSQL server's, which has its own backups: nothing is saved here");
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let folder = runtime.block_on(ringdown_appserver::backup::save(&config.state, name))?;
    println!("{}", folder.display());
    Ok(ExitCode::SUCCESS)
}

async fn run(config: &Config) -> anyhow::Result<()> {
    let started = std::time::Instant::now();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let server = Server::start(config).await?;
    if let Some(table) = &server.first_run {
        // Standard output, not the log: passwords do not belong there.
        println!(
            "\nThe first accounts. This is shown once; it is kept in {}.\n",
            config.state.join("first-run.txt").display()
        );
        println!("{table}");
    }
    tracing::info!(address = %server.address, tls = config.uses_tls(), after = ?started.elapsed(), "ready");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    server.stop().await;
    Ok(())
}

fn start_log(config: &Config) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log)?;
    let colours = std::io::stderr().is_terminal();
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    match config.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}

/// Plain HTTP does on this host even where TLS is on.
fn check(config: &Config) -> ExitCode {
    let ask = || -> std::io::Result<bool> {
        let patience = Duration::from_secs(2);
        let mut stream = TcpStream::connect_timeout(&config.local_address(), patience)?;
        stream.set_read_timeout(Some(patience))?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        stream.take(4096).read_to_end(&mut answer)?;
        Ok(answer.starts_with(b"HTTP/1.1 200 "))
    };
    match ask() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("the app server is not ready");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("the app server does not answer: {error}");
            ExitCode::FAILURE
        }
    }
}
