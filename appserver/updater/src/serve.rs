//! The sockets of the updater: unix sockets in folders, on no network.

use std::{io, os::unix::fs::PermissionsExt as _, path::Path, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
    sync::{Semaphore, mpsc, oneshot, watch},
    time::timeout,
};

use crate::{
    ask::{Answer, Ask},
    work::{Asked, Standing},
};

/// The name of the socket in its folder.
pub const SOCKET: &str = "updater.sock";
/// The most bytes of a question.
const MAX_ASK: u64 = 16 * 1024;
/// Connections at once.
const AT_ONCE: usize = 16;
/// How long somebody may be silent.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long a question waits for the updater: a plan fetches its release.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// Binds a socket, in place of one that a dead updater left. Who may open the folder's group may ask.
///
/// # Errors
/// When the folder cannot be written.
pub fn bind(folder: &Path) -> io::Result<UnixListener> {
    let path = folder.join(SOCKET);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}

/// Answers whoever asks at a socket, as long as the updater works.
pub async fn serve(listener: UnixListener, asks: mpsc::Sender<Asked>, standing: watch::Receiver<Standing>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    while let Ok((stream, _)) = listener.accept().await {
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let (asks, standing) = (asks.clone(), standing.clone());
        tokio::spawn(async move {
            let _place = place;
            // Whoever asked is gone: there is nobody to tell.
            let _ = converse(stream, asks, standing).await;
        });
    }
}

async fn converse(
    stream: UnixStream,
    asks: mpsc::Sender<Asked>,
    mut standing: watch::Receiver<Standing>,
) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    loop {
        let mut line = String::new();
        let mut limited = (&mut read).take(MAX_ASK);
        match timeout(PATIENCE, limited.read_line(&mut line)).await {
            Ok(Ok(1..)) if line.ends_with('\n') => {}
            Ok(Ok(1..)) => {
                return say(&mut write, &refused("a question is one line of at most 16 KiB")).await;
            }
            Ok(Err(error)) => return Err(error),
            Ok(Ok(0)) | Err(_) => return Ok(()),
        }
        let answer = match serde_json::from_str(&line) {
            Err(error) => refused(&format!("not understood: {error}")),
            Ok(Ask::Status) => status(&standing.borrow_and_update()),
            Ok(Ask::Watch) => loop {
                let answer = status(&standing.borrow_and_update());
                if matches!(answer, Answer::Status { under_way: None, .. }) {
                    break answer;
                }
                say(&mut write, &answer).await?;
                if standing.changed().await.is_err() {
                    return Ok(());
                }
            },
            Ok(Ask::History) => {
                Answer::History { updates: standing.borrow().past.iter().rev().cloned().collect() }
            }
            Ok(ask) => put(ask, &asks).await,
        };
        say(&mut write, &answer).await?;
    }
}

async fn put(ask: Ask, asks: &mpsc::Sender<Asked>) -> Answer {
    let (answer, answered) = oneshot::channel();
    if asks.send(Asked { ask, answer }).await.is_err() {
        return refused("the updater ends");
    }
    match timeout(ANSWER_WITHIN, answered).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => refused("the updater ends"),
        Err(_) => refused("another updater is at work: ask it, or try again in a minute"),
    }
}

fn status(standing: &Standing) -> Answer {
    Answer::Status { under_way: standing.under_way.clone(), last: standing.past.last().cloned() }
}

fn refused(why: &str) -> Answer {
    Answer::Refused { why: why.to_owned() }
}

async fn say(write: &mut (impl tokio::io::AsyncWrite + Unpin), answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_string(answer).map_err(io::Error::other)?;
    line.push('\n');
    write.write_all(line.as_bytes()).await
}
