//! The app server under test, with a company in it.

use std::{
    cell::Cell,
    fs,
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use socket2::{Domain, Protocol, Socket, Type};

/// An app server. Ends with its value.
pub(crate) struct Server {
    program: PathBuf,
    folder: PathBuf,
    core: usize,
    child: Option<Child>,
    requests: Cell<u32>,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts a new one and waits until it answers.
    pub(crate) fn start(program: &Path, core: usize, connections: usize) -> io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("session-load.{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let room = connections + 100;
        let config = format!(
            "http_listen = \"{address}\"\nstate = \"{}/state\"\nmax_connections = {room}\n\
             max_connections_per_address = {room}\nlog = \"warn\"\n",
            folder.display()
        );
        fs::write(folder.join("appserver.toml"), config)?;
        let mut server =
            Self { program: program.to_owned(), folder, core, child: None, requests: Cell::new(0), address };
        server.spawn()?;
        Ok(server)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().map(Child::id).unwrap_or_default()
    }

    /// Kills it and starts it again at once; returns how long it took to answer.
    pub(crate) fn restart(&mut self) -> io::Result<Duration> {
        self.kill();
        let began = Instant::now();
        self.spawn()?;
        Ok(began.elapsed())
    }

    fn spawn(&mut self) -> io::Result<()> {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.folder.join("log"))?;
        let child = Command::new("taskset")
            .args(["-c", &self.core.to_string()])
            .arg(&self.program)
            .arg("--config")
            .arg(self.folder.join("appserver.toml"))
            .env("RINGDOWN_WEB_ROOT", "")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.child = Some(child);
        let until = Instant::now() + Duration::from_secs(30);
        while Instant::now() < until {
            if let Some(status) = self.child.as_mut().map(Child::try_wait).transpose()?.flatten() {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                return Err(io::Error::other(format!("the app server ended with {status}:\n{log}")));
            }
            if self.http("GET", "/healthz", None, &Value::Null).is_ok() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Err(io::Error::other("the app server does not answer"))
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }

    /// Makes `accounts` people and signs each in; their access tokens.
    pub(crate) fn employ(&self, accounts: usize) -> io::Result<Vec<String>> {
        let first_run = fs::read_to_string(self.folder.join("state/first-run.txt"))?;
        let admin =
            credentials(&first_run).ok_or_else(|| io::Error::other("first-run.txt names no admin"))?;
        let admin = self.sign_in(&admin.0, &admin.1)?;
        let mut tokens = Vec::new();
        for number in 0..accounts {
            let username = format!("employee{number:05}");
            let password = format!("a long password of {number}");
            let account = json!({"username": username, "name": format!("Employee {number:05}"),
                "extension": format!("{}", 10_000 + number), "password": password, "role": "user"});
            self.http("POST", "/api/v1/users", Some(&admin), &account)?;
            tokens.push(self.sign_in(&username, &password)?);
        }
        Ok(tokens)
    }

    fn sign_in(&self, username: &str, password: &str) -> io::Result<String> {
        let body = json!({"username": username, "password": password});
        let answer = self.http("POST", "/api/v1/login", None, &body)?;
        answer["accessToken"].as_str().map(str::to_owned).ok_or_else(|| io::Error::other("no access token"))
    }

    fn http(&self, method: &str, path: &str, token: Option<&str>, body: &Value) -> io::Result<Value> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        // An address may try to sign in a hundred times.
        let office = self.requests.get() % 250;
        self.requests.set(self.requests.get().wrapping_add(1));
        let office = Ipv4Addr::new(127, 79, 0, u8::try_from(office).unwrap_or_default());
        socket.bind(&SocketAddr::from((office, 0)).into())?;
        socket.connect(&self.address.into())?;
        let mut stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let authorization =
            token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{authorization}\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, content) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.lines().next().unwrap_or_default();
        if !status.contains(" 2") {
            return Err(io::Error::other(format!("{method} {path}: {status} {content}")));
        }
        Ok(serde_json::from_str(content).unwrap_or_default())
    }
}

/// The admin's name and password as `first-run.txt` has them: the columns are user, role, extension, password.
fn credentials(first_run: &str) -> Option<(String, String)> {
    let line = first_run.lines().find(|line| line.trim_start().starts_with("admin"))?;
    let mut words = line.split_whitespace();
    Some((words.next()?.to_owned(), words.nth(2)?.to_owned()))
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        // Left-overs in the temporary folder do no harm.
        drop(fs::remove_dir_all(&self.folder));
    }
}
