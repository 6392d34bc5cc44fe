//! `/ws`: one browser's connection.

use std::{
    pin::pin,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use axum::{
    Extension,
    extract::{Request as HttpRequest, State},
    response::{IntoResponse as _, Response},
};
use ringdown_desk::{ConnId, HelloInput, ResumeInput, secret_hash};
use ringdown_protocol::{
    ErrorCode, ErrorInfo, FrameRefusal, HelloParams, MAX_FRAME_BYTES, Method, Request, Response as Answer,
    ResumeParams, parse_request,
};
use tokio::time::{Instant, sleep_until, timeout};

use crate::{
    clock::unix_ms,
    desk_task::{BrowserLine, DeskMessage, ToBrowser},
    listen::Peer,
    origin::Verdict,
    outlet::{Incoming, Outlet},
    problem::Refusal,
    server::App,
    sign_in::Caller,
    socket,
};

/// A connection that has not signed in after this is closed.
const SIGN_IN_WITHIN: Duration = Duration::from_secs(5);
/// How often the server pings.
const PING_EVERY: Duration = Duration::from_secs(25);
/// A connection silent for this long is closed. Timers of a background tab fire once a minute, so less would end
/// sessions that live.
const SILENT_FOR: Duration = Duration::from_secs(70);
/// A frame that cannot be written within this ends the connection.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// The push that asks for a sign of life.
const PING: &str = r#"{"seq":0,"event":"ping","data":{}}"#;
/// Frames that are no requests, before the connection is closed.
const MAX_MISTAKES: u32 = 20;
/// Between the protocol's limit and this a frame is answered with an error; beyond, the connection just ends.
const MAX_READ_BYTES: usize = 2 * MAX_FRAME_BYTES;

/// Takes a browser's connection. Nothing is attached to it before `hello` or `resume`.
pub async fn upgrade(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    request: HttpRequest,
) -> Response {
    if app.origins.judge(request.headers()) == Verdict::Foreign {
        return Refusal::ForeignOrigin.into_response();
    }
    if !app.allows_connection(peer.address) {
        return Refusal::RateLimited(2).into_response();
    }
    socket::upgrade(request, MAX_READ_BYTES, move |outlet| Connection::new(app, peer, outlet).run())
}

/// A frame's text.
pub fn encode<T: serde::Serialize>(frame: &T) -> Arc<str> {
    serde_json::to_string(frame).expect("frames have string keys and finite numbers").into()
}

struct Connection {
    app: Arc<App>,
    peer: Peer,
    conn: ConnId,
    outlet: Arc<Outlet>,
    mistakes: u32,
}

/// Why a connection ends.
enum End {
    /// The peer left or the socket failed.
    Gone,
    /// The server ends it, and says why.
    Because(ErrorInfo),
    /// The server ends it with a code of RFC 6455.
    Code(u16, &'static str),
}

type Flow<T> = Result<T, End>;

impl Connection {
    fn new(app: Arc<App>, peer: Peer, outlet: Arc<Outlet>) -> Self {
        let conn = ConnId(app.next_id());
        Self { app, peer, conn, outlet, mistakes: 0 }
    }

    async fn run(mut self) {
        let end = match self.sign_in().await {
            Ok(()) => {
                let Err(end) = self.serve().await;
                self.app.desk.send(DeskMessage::Disconnected(self.conn)).await;
                end
            }
            Err(end) => end,
        };
        let (code, reason) = match end {
            End::Gone => return,
            End::Because(error) => (error.code, close_reason(&error)),
            End::Code(code, reason) => (code, reason.to_owned()),
        };
        // The peer may be gone; a close is a courtesy.
        drop(timeout(Duration::from_secs(1), self.outlet.close(code, reason)).await);
    }

    /// Reads frames until a `hello` or `resume` can be handed to the desk.
    async fn sign_in(&mut self) -> Flow<()> {
        let deadline = Instant::now() + SIGN_IN_WITHIN;
        let shutdown = self.app.shutdown.clone();
        loop {
            let message = tokio::select! {
                message = self.outlet.recv() => message,
                () = sleep_until(deadline) => {
                    let mut error = ErrorInfo::new(ErrorCode::NotAuthenticated, "no hello within 5 s");
                    error.fatal = true;
                    return self.refuse(0, error);
                }
                () = shutdown.wait() => return Err(End::Code(1001, "the server stops")),
            };
            let Some(request) = self.read(message)? else { continue };
            let message = match request.method {
                Method::Hello(params) => self.hello(request.id, params).await?,
                Method::Resume(params) => self.resume(request.id, params)?,
                _ => {
                    self.mistake()?;
                    let error = ErrorInfo::new(ErrorCode::NotAuthenticated, "hello or resume comes first");
                    self.answer(request.id, error);
                    continue;
                }
            };
            let line = BrowserLine::Outlet(Arc::clone(&self.outlet));
            let message = match message {
                SignInMessage::Hello(hello) => DeskMessage::Hello(hello, line),
                SignInMessage::Resume(resume) => DeskMessage::Resume(resume, line),
            };
            return if self.app.desk.send(message).await { Ok(()) } else { Err(End::Gone) };
        }
    }

    async fn hello(&mut self, request: u32, params: HelloParams) -> Flow<SignInMessage> {
        let HelloParams { token, ticket, client } = params;
        let fits = client.name.chars().count() <= 64 && client.version.chars().count() <= 32;
        let authorized = match (token, ticket) {
            (Some(token), None) if fits => {
                self.app.sign_in.authorize(&token).await.map(|caller| (caller, true))
            }
            (None, Some(ticket)) if fits => {
                self.app.sign_in.redeem(&ticket).await.map(|caller| (caller, false))
            }
            _ => {
                let message =
                    "hello takes a token or a ticket, and a client name and version that are not too long";
                return self.refuse(request, ErrorInfo::new(ErrorCode::BadRequest, message));
            }
        };
        match authorized {
            Ok((Caller { account, claims }, by_token)) => {
                let left = Duration::from_millis(claims.expires_at.saturating_sub(unix_ms()));
                Ok(SignInMessage::Hello(HelloInput {
                    conn: self.conn,
                    request,
                    address: self.peer.address,
                    user: account.id,
                    epoch: claims.epoch,
                    family: claims.family,
                    token_ends: by_token.then(|| std::time::Instant::now() + left),
                    kind: ringdown_desk::SessionKind::Phone,
                    name: None,
                }))
            }
            Err(Refusal::BadCredentials) => {
                let message = "the token or ticket is not valid";
                self.refuse(request, ErrorInfo::new(ErrorCode::BadCredentials, message))
            }
            Err(refusal) => {
                tracing::error!(%refusal, "a hello cannot be checked");
                self.refuse(request, ErrorInfo::new(ErrorCode::Internal, "the hello cannot be checked"))
            }
        }
    }

    fn resume(&mut self, request: u32, params: ResumeParams) -> Flow<SignInMessage> {
        let Ok(session) = params.session.parse() else {
            let error = ErrorInfo::new(ErrorCode::SessionExpired, "no such session");
            return self.refuse(request, error);
        };
        Ok(SignInMessage::Resume(ResumeInput {
            conn: self.conn,
            request,
            address: self.peer.address,
            session,
            secret_hash: secret_hash(&params.secret),
            last_seq: params.last_seq,
        }))
    }

    /// Carries requests to the desk until the connection ends. What the desk says is written beside this task.
    async fn serve(&mut self) -> Flow<std::convert::Infallible> {
        let shutdown = self.app.shutdown.clone();
        let mut shutdown = pin!(shutdown.wait());
        let (mut ping_at, mut silent_at) = (Instant::now() + PING_EVERY, Instant::now() + SILENT_FOR);
        let mut alarm = pin!(sleep_until(ping_at));
        loop {
            let message = tokio::select! {
                message = self.outlet.recv() => message,
                () = &mut alarm => {
                    let now = Instant::now();
                    let stalled_until = self.stalled_until();
                    if stalled_until.is_some_and(|until| until <= now) {
                        return Err(End::Gone);
                    }
                    if silent_at <= now {
                        return Err(End::Code(1001, "silent for 70 s"));
                    }
                    if ping_at <= now {
                        ping_at = now + PING_EVERY;
                        self.write(PING.into());
                    }
                    let due = ping_at.min(silent_at);
                    alarm.as_mut().reset(stalled_until.map_or(due, |until| until.min(due)));
                    continue;
                }
                () = &mut shutdown => return Err(End::Code(1001, "the server stops")),
            };
            match message {
                // Only text shows that the page lives: a browser answers pings for a frozen one.
                Incoming::Text(_) => silent_at = Instant::now() + SILENT_FOR,
                Incoming::Stalled => {
                    let until = self.stalled_until().unwrap_or(ping_at);
                    alarm.as_mut().reset(until.min(ping_at));
                    continue;
                }
                Incoming::TooSlow => {
                    self.app.counters.slow_browsers.fetch_add(1, Ordering::Relaxed);
                    return Err(End::Code(1013, "the connection is too slow"));
                }
                _ => {}
            }
            if let Some(request) = self.read(message)?
                && !self.app.desk.send(DeskMessage::Request(self.conn, request)).await
            {
                return Err(End::Gone);
            }
        }
    }

    /// When a browser that takes nothing is given up.
    fn stalled_until(&self) -> Option<Instant> {
        self.outlet.stalled_since().map(|since| Instant::from_std(since) + WRITE_WITHIN)
    }

    /// A request, if the message is one. What is not is answered here.
    fn read(&mut self, message: Incoming) -> Flow<Option<Request>> {
        let text = match message {
            Incoming::Text(text) => text,
            Incoming::Binary => return Err(End::Code(1003, "text frames only")),
            Incoming::Control => return Ok(None),
            Incoming::Gone => return Err(End::Gone),
            Incoming::Close(error) => return Err(End::Because(*error)),
            // Only what is written makes a connection slow, and that is not much before the sign-in.
            Incoming::Stalled => return Ok(None),
            Incoming::TooSlow => return Err(End::Gone),
            // Among them: longer than what is read at all.
            Incoming::Unreadable => return Err(End::Code(1009, "the frame cannot be read")),
        };
        let (id, error) = match parse_request(&text) {
            Ok(request) => return Ok(Some(request)),
            Err(FrameRefusal::TooLong) => {
                let error = ErrorInfo::new(ErrorCode::TooLarge, "the frame is longer than 64 KiB");
                return self.refuse(0, error);
            }
            Err(FrameRefusal::TooDeep) => {
                let error = ErrorInfo::new(ErrorCode::TooLarge, "the frame is nested deeper than 32");
                return self.refuse(0, error);
            }
            Err(FrameRefusal::UnknownMethod { id }) => {
                (id, ErrorInfo::new(ErrorCode::UnknownMethod, "there is no such method"))
            }
            Err(FrameRefusal::Malformed { id, message }) => {
                (id, ErrorInfo::new(ErrorCode::BadRequest, message.0))
            }
        };
        self.mistake()?;
        self.answer(id, error);
        Ok(None)
    }

    /// Counts a frame that was none.
    fn mistake(&mut self) -> Flow<()> {
        self.mistakes += 1;
        if self.mistakes > MAX_MISTAKES {
            return Err(End::Because(ErrorInfo::new(
                ErrorCode::BadRequest,
                "too many frames are no requests",
            )));
        }
        Ok(())
    }

    fn answer(&self, id: u32, error: ErrorInfo) {
        self.write(encode(&Answer { id, result: None, error: Some(error) }));
    }

    /// Answers with an error and ends the connection.
    fn refuse<T>(&self, id: u32, error: ErrorInfo) -> Flow<T> {
        self.answer(id, error.clone());
        Err(End::Because(error))
    }

    fn write(&self, text: Arc<str>) {
        // What has no room ends the connection by what it reads next.
        let _ = self.outlet.give(ToBrowser::Text(text));
    }
}

/// What a connection that proved itself says to the desk.
enum SignInMessage {
    Hello(HelloInput),
    Resume(ResumeInput),
}

fn close_reason(error: &ErrorInfo) -> String {
    serde_json::to_value(error.name)
        .ok()
        .and_then(|name| name.as_str().map(str::to_owned))
        .unwrap_or_default()
}
