//! Runs the updater, or asks the one that runs.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use ringdown_update::{Outcome, Role};
use ringdown_updater::{
    ask::{Answer, Ask, Past, UnderWay, Wanted},
    config::Config,
    engine::Engine,
    serve::{self, SOCKET},
    work::{Standing, Worker},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc, watch},
};

/// The updater of Ringdown: swaps images, and goes back when the new ones are not well.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Answers as JSON, one object a line.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Whether this updater is well; exits with 0 if so.
    Check,
    /// What an update would do; touches nothing.
    Plan(Which),
    /// Updates, and tells how it goes.
    Apply {
        #[command(flatten)]
        which: Which,
        /// Returns at once; `status` tells how it goes.
        #[arg(long)]
        no_wait: bool,
    },
    /// Goes back to the images from before the last update.
    Rollback,
    /// Undoes the update that is under way.
    CallOff,
    /// What is under way, and how the last update ended.
    Status,
    /// The updates of the past.
    History,
}

#[derive(clap::Args)]
struct Which {
    /// The folder of an archive in the import folder; without it the newest release of the channel.
    #[arg(long)]
    archive: Option<String>,
    /// These roles alone: sounds, appserver, softswitch, updater.
    #[arg(long = "role", value_parser = role)]
    roles: Vec<Role>,
}

fn role(name: &str) -> Result<Role, String> {
    Role::parse(name).ok_or_else(|| "sounds, appserver, softswitch or updater".to_owned())
}

impl Which {
    fn release(&self) -> Wanted {
        self.archive.clone().map_or(Wanted::Channel, Wanted::Archive)
    }
}

/// Where this updater, and no other, answers: the health check of a container asks its own.
fn own_folder() -> PathBuf {
    std::env::var_os("RINGDOWN_UPDATER_OWN").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from)
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let config = Config::load(|name| std::env::var(name).ok())?;
    let json = arguments.json;
    let Some(command) = arguments.command else {
        let filter = std::env::var("RINGDOWN_LOG").unwrap_or_else(|_| "info".to_owned());
        tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::try_new(filter)?)
            .with_writer(std::io::stderr)
            .init();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        return runtime.block_on(run(config)).map(|()| ExitCode::SUCCESS);
    };
    let control = &config.control;
    match command {
        Command::Check => ask(&own_folder(), &Ask::Status, true, |_| true),
        Command::Plan(which) => {
            ask(control, &Ask::Plan { release: which.release(), roles: which.roles }, json, show)
        }
        Command::Apply { which, no_wait } => {
            let apply = Ask::Apply { release: which.release(), roles: which.roles, version: None };
            begin(control, &apply, no_wait, json)
        }
        Command::Rollback => begin(control, &Ask::Rollback, false, json),
        Command::CallOff => begin(control, &Ask::CallOff, false, json),
        Command::Status => ask(control, &Ask::Status, json, show),
        Command::History => ask(control, &Ask::History, json, show),
    }
}

async fn run(config: Config) -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let project = std::env::var("RINGDOWN_PROJECT").ok().filter(|name| !name.is_empty());
    let engine = Engine::connect(&config, project).await.map_err(anyhow::Error::msg)?;
    let (asks, asked) = mpsc::channel(16);
    let (standing, stands) = watch::channel(Standing::default());
    let own = serve::bind(&own_folder()).context("the socket of the health check")?;
    tokio::spawn(serve::serve(own, asks.clone(), stands));
    tracing::info!("ready");
    tokio::select! {
        ended = Worker::new(config, engine, (asks, asked), standing).run() => match ended {
            Ok(never) => match never {},
            Err(error) => Err(error.into()),
        },
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    }
}

/// Asks, and shows the answer.
fn ask(folder: &Path, ask: &Ask, json: bool, show: impl Fn(&Answer) -> bool) -> anyhow::Result<ExitCode> {
    let mut conversation = Conversation::open(folder)?;
    let answer = conversation.ask(ask)?;
    if json {
        println!("{}", serde_json::to_string(&answer)?);
    }
    let is_well = if json { !matches!(answer, Answer::Refused { .. }) } else { show(&answer) };
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Begins something that takes a while, and tells how it goes.
fn begin(folder: &Path, what: &Ask, no_wait: bool, json: bool) -> anyhow::Result<ExitCode> {
    let mut conversation = Conversation::open(folder)?;
    let tell = |answer: &Answer| -> anyhow::Result<bool> {
        if json {
            println!("{}", serde_json::to_string(answer)?);
            return Ok(!matches!(answer, Answer::Refused { .. }));
        }
        Ok(show(answer))
    };
    let answer = conversation.ask(what)?;
    let Answer::Accepted { .. } = answer else {
        tell(&answer)?;
        return Ok(ExitCode::FAILURE);
    };
    tell(&answer)?;
    if no_wait {
        return Ok(ExitCode::SUCCESS);
    }
    let mut said = String::new();
    let mut next = conversation.ask(&Ask::Watch);
    loop {
        let Ok(answer) = next else {
            println!(
                "The updater is replaced by the new one, which finishes: `updater status` tells how it ended."
            );
            return Ok(ExitCode::SUCCESS);
        };
        match &answer {
            Answer::Status { under_way: Some(under_way), .. } => {
                let line = progress(under_way);
                if json {
                    println!("{}", serde_json::to_string(&answer)?);
                } else if line != said {
                    println!("{line}");
                }
                said = line;
            }
            _ => {
                tell(&answer)?;
                let is_well = matches!(&answer, Answer::Status { last: Some(past), .. } if past.outcome == Outcome::Updated);
                return Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE });
            }
        }
        next = conversation.hear();
    }
}

/// A connection to the updater.
struct Conversation {
    answers: BufReader<UnixStream>,
}

impl Conversation {
    fn open(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(SOCKET);
        let stream = UnixStream::connect(&path)
            .with_context(|| format!("no updater answers at {}: does it run?", path.display()))?;
        stream.set_write_timeout(Some(Duration::from_secs(5)))?;
        Ok(Self { answers: BufReader::new(stream) })
    }

    fn ask(&mut self, ask: &Ask) -> anyhow::Result<Answer> {
        let mut line = serde_json::to_string(ask)?;
        line.push('\n');
        self.answers.get_mut().write_all(line.as_bytes())?;
        self.hear()
    }

    fn hear(&mut self) -> anyhow::Result<Answer> {
        let mut line = String::new();
        anyhow::ensure!(self.answers.read_line(&mut line)? > 0, "the updater hung up");
        Ok(serde_json::from_str(&line)?)
    }
}

fn progress(under_way: &UnderWay) -> String {
    let trouble = under_way.trouble.as_ref().map(|why| format!(" (again: {why})")).unwrap_or_default();
    format!("{:>3}/{}  {}{trouble}", under_way.step, under_way.steps, under_way.doing)
}

/// In words; says whether it is good news.
fn show(answer: &Answer) -> bool {
    match answer {
        Answer::Status { under_way, last } => {
            match (under_way, last) {
                (Some(under_way), _) => {
                    println!("update {} to {}:", under_way.update, under_way.version);
                    if let Some(why) = &under_way.going_back {
                        println!("  it failed and is undone: {why}");
                    }
                    println!("{}", progress(under_way));
                }
                (None, Some(past)) => println!("{}", told(past)),
                (None, None) => println!("No update is under way, and none was before."),
            }
            true
        }
        Answer::Plan { version, notes, changes, untouched } => {
            println!("To {version}:");
            for change in changes {
                let from = change.from.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string);
                println!("  {:<11} {} {from} -> {version}: {}", change.role, change.container, change.effect);
                println!("              {}", change.image);
            }
            for role in untouched {
                println!("  {role:<11} stays as it is");
            }
            if !notes.is_empty() {
                println!("{notes}");
            }
            true
        }
        Answer::Accepted { update } => {
            println!("update {update}");
            true
        }
        Answer::History { updates } => {
            for past in updates {
                println!("{}", told(past));
            }
            true
        }
        Answer::Refused { why } => {
            eprintln!("{why}");
            false
        }
    }
}

fn told(past: &Past) -> String {
    let seconds = past.ended.saturating_sub(past.began) / 1000;
    let roles: Vec<_> = past.roles.iter().map(|role| role.as_str()).collect();
    let how = match &past.outcome {
        Outcome::Updated => "runs".to_owned(),
        Outcome::RolledBack { why } => format!("was undone: {why}"),
        Outcome::Stuck { why, help } => format!("is stuck: {why}. {help}"),
    };
    format!("{} {} ({}), {seconds} s: {how}", past.update, past.version, roles.join(", "))
}
