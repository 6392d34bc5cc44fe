//! The database is away, busy or cannot take what it is given, while people call each other and write.

use ringdown_appserver::config::Secret;
use ringdown_control::{Command, Event, LegRole};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    net::{UnixListener, UnixStream},
    task::JoinSet,
};

use crate::harness::{Browser, Running, Switch, answered, leg, offer, party, record};

/// A line to the PostgreSQL server that can be cut.
struct Line {
    folder: TempDir,
    server: String,
    running: Option<JoinSet<()>>,
}

impl Line {
    fn start(server: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut line = Self { folder, server: format!("{server}/.s.PGSQL.5432"), running: None };
        line.mend();
        line
    }

    fn cut(&mut self) {
        self.running = None;
        std::fs::remove_file(self.folder.path().join(".s.PGSQL.5432")).expect("the socket goes");
    }

    fn mend(&mut self) {
        let listener = UnixListener::bind(self.folder.path().join(".s.PGSQL.5432")).expect("a socket");
        let server = self.server.clone();
        let mut running = JoinSet::new();
        running.spawn(async move {
            let mut lines = JoinSet::new();
            while let Ok((mut ours, _)) = listener.accept().await {
                let server = server.clone();
                lines.spawn(async move {
                    let Ok(mut theirs) = UnixStream::connect(server).await else { return };
                    // Either end may leave.
                    drop(tokio::io::copy_bidirectional(&mut ours, &mut theirs).await);
                });
            }
        });
        self.running = Some(running);
    }
}

/// A database of this test's own, over a line that can be cut.
async fn postgresql(name: &str) -> Option<(Line, String)> {
    let url = std::env::var("RINGDOWN_TEST_POSTGRES_URL").ok()?;
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&url).await.expect("the database answers");
    for command in ["DROP DATABASE IF EXISTS", "CREATE DATABASE"] {
        let command = sqlx::AssertSqlSafe(format!("{command} {name}"));
        sqlx::query(command).execute(&pool).await.expect("a database");
    }
    pool.close().await;
    let (_, parameters) = url.split_once('?')?;
    let value = |name| parameters.split('&').find_map(|pair: &str| pair.strip_prefix(name));
    let line = Line::start(value("host=")?);
    let user = value("user=")?;
    let url = format!("postgres:///{name}?host={}&user={user}", line.folder.path().display());
    Some((line, url))
}

/// Alice calls bob's number and is answered: the database has no part in it.
async fn call(switch: &mut Switch, alice: &mut Browser) {
    let description = json!({"type": "offer", "sdp": offer().sdp});
    let start = alice.send_request("call.start", json!({"to": "102", "description": description})).await;
    let (id, command) = switch.call_command().await;
    assert!(matches!(command, Command::StartCall { .. }), "{command:?}");
    let mut caller = leg(1, LegRole::Caller, alice, party(None, "102"));
    switch.started(id, caller.call, caller.leg).await;
    alice.response(start).await.expect("a call");
    caller = answered(caller);
    switch.event(Event::LegChanged { leg: caller }).await;
    alice.push_where("call.state", |data| data["call"]["state"] == "active").await;
}

async fn write(alice: &mut Browser, to: &Browser, id: u128, text: &str) -> Result<Value, Value> {
    let params = json!({"to": to.user().to_string(), "id": format!("{id:032x}"), "text": text});
    alice.request("chat.send", params).await
}

async fn history_of(alice: &mut Browser, calls: usize) {
    // Written when the database is back; asking again is all a client can do.
    for _ in 0..100 {
        if let Ok(page) = alice.request("history.list", json!({})).await
            && page["entries"].as_array().is_some_and(|entries| entries.len() == calls)
        {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the history has not {calls} calls");
}

#[tokio::test]
async fn postgresql_goes_and_comes_back_while_people_call_and_write() {
    let Some((mut line, url)) = postgresql("goes_and_comes").await else {
        eprintln!("skipped: RINGDOWN_TEST_POSTGRES_URL is not set");
        return;
    };
    let mut running = Running::start_with(|config| config.database_url = Some(Secret(url))).await;
    let mut switch = running.switch().await;
    let (mut alice, mut bob) = (running.browser("alice").await, running.browser("bob").await);
    write(&mut alice, &bob, 1, "before").await.expect("it is kept");
    bob.push("chat.message").await;

    line.cut();
    call(&mut switch, &mut alice).await;
    alice.request("presence.set", json!({"note": "no database"})).await.expect("it is told");
    bob.push_where("presence", |data| data.to_string().contains("no database")).await;
    let refused = write(&mut alice, &bob, 2, "lost").await.expect_err("nothing keeps it");
    assert_eq!(refused["name"], "internal", "{refused}");
    alice.request("history.list", json!({})).await.expect_err("nothing to read from");
    assert_eq!(running.get("/readyz", None).await.status, 503);
    let (from, to) = (party(Some(alice.user()), "101"), party(Some(bob.user()), "102"));
    for call in 1..=3 {
        switch.event(Event::CallEnded { record: record(call, from.clone(), to.clone()) }).await;
    }

    line.mend();
    history_of(&mut alice, 3).await;
    write(&mut alice, &bob, 2, "again").await.expect("it is kept now");
    bob.push_where("chat.message", |data| data.to_string().contains("again")).await;
    assert_eq!(running.get("/readyz", None).await.status, 200);
    // What was said meanwhile outlives a restart, and so do the sessions.
    running.restart().await;
    let mut carol = running.browser("carol").await;
    assert_eq!(carol.expect_directory("alice").await["note"], "no database");
    running.server.take().expect("it runs").stop().await;
}

#[tokio::test]
async fn what_the_database_cannot_take_keeps_nothing_else_out() {
    let Some((_line, url)) = postgresql("takes_no_nul").await else {
        eprintln!("skipped: RINGDOWN_TEST_POSTGRES_URL is not set");
        return;
    };
    let running = Running::start_with(|config| config.database_url = Some(Secret(url))).await;
    let mut switch = running.switch().await;
    let (mut alice, bob) = (running.browser("alice").await, running.browser("bob").await);
    let (from, to) = (party(Some(alice.user()), "101"), party(Some(bob.user()), "102"));
    for call in 1..=9 {
        let mut record = record(call, from.clone(), to.clone());
        if call == 5 {
            // PostgreSQL has no such character in texts.
            record.caller.name.0.push('\0');
        }
        switch.event(Event::CallEnded { record }).await;
    }
    history_of(&mut alice, 9).await;
}

#[tokio::test]
async fn a_locked_database_file_is_waited_for() {
    let running = Running::start().await;
    let mut switch = running.switch().await;
    let (mut alice, bob) = (running.browser("alice").await, running.browser("bob").await);
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}", running.config.state.join("history.sqlite").display());
    let pool = sqlx::AnyPool::connect(&url).await.expect("the file opens");
    let mut other = pool.acquire().await.expect("a connection");
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *other).await.expect("a lock");

    let (from, to) = (party(Some(alice.user()), "101"), party(Some(bob.user()), "102"));
    switch.event(Event::CallEnded { record: record(1, from, to) }).await;
    call(&mut switch, &mut alice).await;
    let refused = write(&mut alice, &bob, 2, "lost").await.expect_err("nothing keeps it");
    assert_eq!(refused["name"], "internal", "{refused}");

    sqlx::query("ROLLBACK").execute(&mut *other).await.expect("unlocked");
    history_of(&mut alice, 1).await;
    write(&mut alice, &bob, 2, "again").await.expect("it is kept now");
}

/// On a file system that is small: `mount -t tmpfs -o size=8m tmpfs folder`.
#[tokio::test]
async fn a_full_disk_is_waited_for() {
    let Ok(disk) = std::env::var("RINGDOWN_TEST_SMALL_DISK") else {
        eprintln!("skipped: RINGDOWN_TEST_SMALL_DISK names no folder on a small file system");
        return;
    };
    let disk = std::path::PathBuf::from(disk);
    let running = Running::start_with(|config| config.state = disk.join("state")).await;
    let mut switch = running.switch().await;
    let (mut alice, mut bob) = (running.browser("alice").await, running.browser("bob").await);
    let mut filler = std::fs::File::create(disk.join("filler")).expect("a file");
    while std::io::Write::write_all(&mut filler, &[0; 4_096]).is_ok() {}

    let (from, to) = (party(Some(alice.user()), "101"), party(Some(bob.user()), "102"));
    for call in 1..=200 {
        switch.event(Event::CallEnded { record: record(call, from.clone(), to.clone()) }).await;
    }
    call(&mut switch, &mut alice).await;
    alice.request("presence.set", json!({"note": "no room"})).await.expect("it is told");
    bob.push_where("presence", |data| data.to_string().contains("no room")).await;
    let mut id = 1;
    let refused = loop {
        // The file that is there may have room for some.
        match write(&mut alice, &bob, id, &"x".repeat(4_000)).await {
            Ok(_) => id += 1,
            Err(refused) => break refused,
        }
    };
    assert_eq!(refused["name"], "internal", "{refused}");

    std::fs::remove_file(disk.join("filler")).expect("room again");
    drop(filler);
    write(&mut alice, &bob, id, "again").await.expect("it is kept now");
    for _ in 0..100 {
        let page = alice.request("history.list", json!({"limit": 1})).await.expect("a page");
        if page["entries"][0]["callId"] == record(200, from.clone(), to.clone()).call.to_string() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the calls that ended meanwhile are not in the history");
}
