//! The app server under test, with a company in it.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use socket2::{Domain, Protocol, Socket, Type};

/// Who signs the employees' tokens, and how.
const ISSUER: &str = "load";
const SECRET: &str = "a secret of this tool, known to everybody";
/// People of one department.
const DEPARTMENT: usize = 50;
const SIGN_INS_AT_ONCE: usize = 16;

/// An app server. Ends with its value.
pub(crate) struct Server {
    program: PathBuf,
    folder: PathBuf,
    core: usize,
    child: Option<Child>,
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
             max_connections_per_address = {room}\nlog = \"warn\"\n\n[[trusted_issuers]]\nissuer = \"{ISSUER}\"\n\
             algorithm = \"HS256\"\nsecret = \"{SECRET}\"\naccounts = {{ create = true, extensions = \"20000-39999\" }}\n",
            folder.display()
        );
        fs::write(folder.join("appserver.toml"), config)?;
        let mut server = Self { program: program.to_owned(), folder, core, child: None, address };
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
            if self.http(0, "/healthz", &Value::Null).is_ok() {
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

    /// Has `accounts` people sign in for the first time, by tokens as the server of a CRM signs them; their access
    /// tokens. People are in departments of [`DEPARTMENT`].
    pub(crate) fn employ(&self, accounts: usize) -> io::Result<Vec<String>> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?.as_secs();
        let next = AtomicUsize::new(0);
        let workers: Vec<_> = (0..SIGN_INS_AT_ONCE).collect();
        let work = |_: &usize| {
            let mut tokens = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= accounts {
                    return Ok(tokens);
                }
                let token = signed(
                    &json!({"iss": ISSUER, "aud": "ringdown", "sub": format!("employee{number:05}"),
                    "name": format!("Employee {number:05}"), "department": format!("Department {}", number / DEPARTMENT),
                    "exp": now + 240, "jti": format!("{number}")}),
                );
                let answer = self.http(number, "/api/v1/login/token", &json!({"token": token}))?;
                let token = answer["accessToken"].as_str().map(str::to_owned);
                tokens.push((number, token.ok_or_else(|| io::Error::other("no access token"))?));
            }
        };
        let done: Vec<io::Result<Vec<_>>> = thread::scope(|scope| {
            let running: Vec<_> = workers.iter().map(|worker| scope.spawn(move || work(worker))).collect();
            let ended = running.into_iter().map(|worker| worker.join());
            ended.map(|end| end.unwrap_or_else(|_| Err(io::Error::other("a sign-in failed")))).collect()
        });
        let mut tokens = Vec::new();
        for signed_in in done {
            tokens.extend(signed_in?);
        }
        tokens.sort_unstable();
        Ok(tokens.into_iter().map(|(_, token)| token).collect())
    }

    /// Posts, or gets where there is nothing to post; `office` chooses the address it comes from.
    fn http(&self, office: usize, path: &str, body: &Value) -> io::Result<Value> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        // An address may try to sign in a hundred times.
        let [.., high, low] = office.to_be_bytes();
        let office = Ipv4Addr::new(127, 79, high, low);
        socket.bind(&SocketAddr::from((office, 0)).into())?;
        socket.connect(&self.address.into())?;
        let mut stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let method = if body.is_empty() { "GET" } else { "POST" };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
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

/// A JWT (RFC 7519) with HS256.
fn signed(claims: &Value) -> String {
    let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let text =
        format!("{}.{}", encoded(br#"{"alg":"HS256","typ":"JWT"}"#), encoded(claims.to_string().as_bytes()));
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key of any length fits");
    mac.update(text.as_bytes());
    format!("{text}.{}", encoded(&mac.finalize().into_bytes()))
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        // Left-overs in the temporary folder do no harm.
        drop(fs::remove_dir_all(&self.folder));
    }
}
