//! One connection of an older client.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, Utf8Bytes, WebSocket, rejection::WebSocketUpgradeRejection},
    },
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use ringdown_compat::{
    MAX_TEXT_BYTES, Output, SignIn, SignInFailure, SignedIn, Text, Verto, Webitel, dashed,
};
use ringdown_desk::{ConnId, HelloInput, ResumeInput, SessionKind, secret_hash};
use ringdown_protocol::{
    Empty, ErrorInfo, Method, Push, PushFrame, Request, Response as Answer, ResumeResult, Welcome,
};
use ringdown_types::SessionId;
use serde_json::Value;
use tokio::{
    sync::{Notify, broadcast, mpsc},
    time::{Instant, sleep_until, timeout},
};

use super::{
    Told,
    sign_in::{Known, find_out, name_of},
};
use crate::{
    clock::unix_ms,
    desk_task::{BROWSER_QUEUE, BrowserLine, DeskMessage, Line, ToBrowser},
    listen::Peer,
    origin::Verdict,
    problem::Refusal,
    random::OsRandom,
    server::App,
};

/// A connection that has not signed in after this is closed, as it was.
const SIGN_IN_WITHIN: Duration = Duration::from_secs(5);
/// How often the server pings, by the WebSocket's own ping: these clients know no other.
const PING_EVERY: Duration = Duration::from_secs(25);
/// A connection silent for this long is closed. Timers of a background tab fire once a minute.
const SILENT_FOR: Duration = Duration::from_secs(70);
/// A frame that cannot be written within this ends the connection.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// The desk begins a session within this.
const BEGINS_WITHIN: Duration = Duration::from_secs(5);
/// Texts before somebody signed in, among them tries with wrong credentials.
const MAX_STRANGERS_TEXTS: u32 = 20;
/// Texts for other clients one connection may send in a second.
const MAX_TELLS_PER_SECOND: u32 = 20;
/// Requests of the shell's own; the machines count from 1.
const OWN_REQUEST: u32 = 0;

/// A protocol's machine, as its connection sees it.
pub(super) trait Machine: Default + Send + 'static {
    /// What sessions of the protocol are for.
    const KIND: SessionKind;
    fn handle_text(&mut self, text: &str);
    fn handle_signed_in(&mut self, outcome: Result<SignedIn, SignInFailure>);
    fn handle_response(&mut self, id: u32, outcome: Result<Value, ErrorInfo>);
    fn handle_push(&mut self, push: Push);
    fn handle_session_over(&mut self);
    fn handle_told(&mut self, text: &str);
    fn handle_token(&mut self, outcome: Result<(String, u32), SignInFailure>);
    fn is_signed_in(&self) -> bool;
    fn poll_output(&mut self) -> Option<Output>;
}

macro_rules! forward {
    ($machine:ty) => {
        fn handle_text(&mut self, text: &str) {
            <$machine>::handle_text(self, text);
        }
        fn handle_signed_in(&mut self, outcome: Result<SignedIn, SignInFailure>) {
            <$machine>::handle_signed_in(self, outcome);
        }
        fn handle_response(&mut self, id: u32, outcome: Result<Value, ErrorInfo>) {
            <$machine>::handle_response(self, id, outcome);
        }
        fn handle_push(&mut self, push: Push) {
            <$machine>::handle_push(self, push);
        }
        fn handle_session_over(&mut self) {
            <$machine>::handle_session_over(self);
        }
        fn is_signed_in(&self) -> bool {
            <$machine>::is_signed_in(self)
        }
        fn poll_output(&mut self) -> Option<Output> {
            <$machine>::poll_output(self)
        }
    };
}

impl Machine for Verto {
    const KIND: SessionKind = SessionKind::Phone;
    forward!(Verto);
    fn handle_told(&mut self, _: &str) {}
    fn handle_token(&mut self, _: Result<(String, u32), SignInFailure>) {}
}

impl Machine for Webitel {
    const KIND: SessionKind = SessionKind::Control;
    forward!(Webitel);
    fn handle_told(&mut self, text: &str) {
        Self::handle_told(self, text);
    }
    fn handle_token(&mut self, outcome: Result<(String, u32), SignInFailure>) {
        Self::handle_token(self, outcome);
    }
}

/// Takes a client's connection. Nothing is attached to it before it signed in.
pub(super) async fn upgrade<M: Machine>(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if app.origins.judge(&headers) == Verdict::Foreign {
        return Refusal::ForeignOrigin.into_response();
    }
    if !app.allows_connection(peer.address) {
        return Refusal::RateLimited(2).into_response();
    }
    match upgrade {
        Err(rejection) => rejection.into_response(),
        Ok(upgrade) => upgrade
            .max_message_size(2 * MAX_TEXT_BYTES)
            .max_frame_size(2 * MAX_TEXT_BYTES)
            .on_upgrade(move |socket| Connection::<M>::new(app, peer, socket).run()),
    }
}

/// The connection is over.
struct Over;

type Flow<T> = Result<T, Over>;

struct Connection<M> {
    app: Arc<App>,
    peer: Peer,
    socket: WebSocket,
    machine: M,
    /// The desk's end, once somebody signed in.
    desk: Option<AtDesk>,
    strangers_texts: u32,
    /// Texts for other clients in the second that began then.
    tells: (Instant, u32),
}

/// A session at the desk.
struct AtDesk {
    conn: ConnId,
    user: String,
    outgoing: mpsc::Receiver<ToBrowser>,
    cut: Arc<Notify>,
    told: broadcast::Receiver<Told>,
    known: Known,
}

impl<M: Machine> Connection<M> {
    fn new(app: Arc<App>, peer: Peer, socket: WebSocket) -> Self {
        Self {
            app,
            peer,
            socket,
            machine: M::default(),
            desk: None,
            strangers_texts: 0,
            tells: (Instant::now(), 0),
        }
    }

    async fn run(mut self) {
        let Err(Over) = self.serve().await;
        if let Some(desk) = self.desk.take() {
            self.app.desk.send(DeskMessage::Disconnected(desk.conn)).await;
            // A session that waits for its client keeps its sign-in.
            if M::KIND == SessionKind::Control {
                desk.known.end(&self.app).await;
            }
        }
        // The peer may be gone; a close is a courtesy.
        drop(timeout(Duration::from_secs(1), self.socket.send(Message::Close(None))).await);
    }

    async fn serve(&mut self) -> Flow<std::convert::Infallible> {
        let shutdown = self.app.shutdown.clone();
        let sign_in_until = Instant::now() + SIGN_IN_WITHIN;
        let mut ping = tokio::time::interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        ping.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut silent_at = Instant::now() + SILENT_FOR;
        loop {
            let signs_in = !self.machine.is_signed_in();
            tokio::select! {
                message = self.socket.recv() => {
                    silent_at = Instant::now() + SILENT_FOR;
                    self.receive(message).await?;
                }
                said = said_by(&mut self.desk) => self.hear(said)?,
                _ = ping.tick() => self.write(Message::Ping(Vec::new().into())).await?,
                () = sleep_until(silent_at) => return Err(Over),
                () = sleep_until(sign_in_until), if signs_in => self.machine.handle_session_over(),
                () = shutdown.wait() => return Err(Over),
            }
            self.carry_out().await?;
        }
    }

    async fn receive(&mut self, message: Option<Result<Message, axum::Error>>) -> Flow<()> {
        match message {
            Some(Ok(Message::Text(text))) => {
                if !self.machine.is_signed_in() {
                    self.strangers_texts += 1;
                    if self.strangers_texts > MAX_STRANGERS_TEXTS {
                        return Err(Over);
                    }
                }
                self.machine.handle_text(&text);
                Ok(())
            }
            Some(Ok(Message::Ping(_))) => Ok(()),
            Some(Ok(Message::Pong(_))) => {
                // It shows the desk that the client is there, as a page's own ping does.
                self.ask(Request { id: OWN_REQUEST, method: Method::Ping(Empty {}) }).await
            }
            Some(Ok(Message::Binary(_) | Message::Close(_)) | Err(_)) | None => Err(Over),
        }
    }

    fn hear(&mut self, said: Said) -> Flow<()> {
        match said {
            Said::Text(text) => {
                if let Ok(frame) = serde_json::from_str::<PushFrame>(&text) {
                    self.machine.handle_push(frame.push);
                } else if let Ok(Answer { id, result, error }) = serde_json::from_str(&text) {
                    let outcome = error.map_or_else(|| Ok(result.unwrap_or_default()), Err);
                    self.machine.handle_response(id, outcome);
                }
            }
            Said::Told(text) => self.machine.handle_told(&text),
            Said::Over => self.machine.handle_session_over(),
            Said::Gone => return Err(Over),
        }
        Ok(())
    }

    /// Whether one more text for other clients is passed on: each wakes every connection. What is beyond is dropped.
    fn may_tell(&mut self, now: Instant) -> bool {
        let (since, count) = &mut self.tells;
        if now.saturating_duration_since(*since) >= Duration::from_secs(1) {
            (*since, *count) = (now, 0);
        }
        *count += 1;
        *count <= MAX_TELLS_PER_SECOND
    }

    async fn carry_out(&mut self) -> Flow<()> {
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Client(Text(text)) => self.write(Message::Text(Utf8Bytes::from(text))).await?,
                Output::Desk(request) => self.ask(request).await?,
                Output::SignIn(sign_in) => {
                    let outcome = self.sign_in(sign_in).await?;
                    self.machine.handle_signed_in(outcome);
                }
                Output::Tell { user, text } => {
                    if self.may_tell(Instant::now()) {
                        // Nobody may listen.
                        drop(self.app.compat.told.send(Told { user, text: text.0.into() }));
                    }
                }
                Output::Token { password } => {
                    let outcome = self.token(&password.0).await;
                    self.machine.handle_token(outcome);
                }
                Output::Close => return Err(Over),
            }
        }
        Ok(())
    }

    async fn ask(&mut self, request: Request) -> Flow<()> {
        let Some(desk) = &self.desk else { return Ok(()) };
        let asked = self.app.desk.send(DeskMessage::Request(desk.conn, request)).await;
        if asked { Ok(()) } else { Err(Over) }
    }

    async fn write(&mut self, message: Message) -> Flow<()> {
        match timeout(WRITE_WITHIN, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Over),
        }
    }

    /// Finds out who it is and begins a session, or goes on with the one the client names.
    async fn sign_in(&mut self, sign_in: SignIn) -> Flow<Result<SignedIn, SignInFailure>> {
        let address = self.peer.address;
        let known = match find_out(&self.app, address, &sign_in).await {
            Ok(known) => known,
            Err(failure) => return Ok(Err(failure)),
        };
        let user = known.caller.account.id;
        let Some(session) = sign_in.session else {
            // A phone is told a name by which it finds its session again, and who controls has none that waits.
            if M::KIND == SessionKind::Control {
                return self.greeted(hello_of(known, address, M::KIND, None), None).await;
            }
            let session = dashed(&SessionId::random(&mut OsRandom).to_string());
            let name = name_of(&self.app, user, &session);
            return self.greeted(hello_of(known, address, M::KIND, name), Some(session)).await;
        };
        let Some(name) = name_of(&self.app, user, &session) else {
            return self.greeted(hello_of(known, address, M::KIND, None), None).await;
        };
        let resumed = |conn| ResumeInput {
            conn,
            request: OWN_REQUEST,
            address,
            session: name.id,
            secret_hash: secret_hash(&name.secret),
            last_seq: 0,
        };
        match self.begin(known, |conn, line| DeskMessage::Resume(resumed(conn), line)).await? {
            Ok((desk, result)) => Ok(self.resumed(desk, &session, result).await),
            Err(known) => {
                let hello = hello_of(known, address, M::KIND, Some(name.clone()));
                self.greeted(hello, Some(session)).await
            }
        }
    }

    /// Begins a session, which the client knows by `named`, or by its own name.
    async fn greeted(
        &mut self,
        (known, hello): (Known, impl Fn(ConnId) -> HelloInput),
        named: Option<String>,
    ) -> Flow<Result<SignedIn, SignInFailure>> {
        let begun = self.begin(known, |conn, line| DeskMessage::Hello(hello(conn), line)).await?;
        let (desk, result) = match begun {
            Ok(begun) => begun,
            Err(known) => {
                known.end(&self.app).await;
                return Ok(Err(SignInFailure::TooOften));
            }
        };
        let Ok(Welcome { session, me, state, .. }) = serde_json::from_value(result) else {
            self.app.desk.send(DeskMessage::Disconnected(desk.conn)).await;
            desk.known.end(&self.app).await;
            return Ok(Err(SignInFailure::Unavailable));
        };
        self.desk = Some(desk);
        let session = named.unwrap_or(session);
        Ok(Ok(SignedIn { me, session, state, resumed: false }))
    }

    async fn resumed(
        &mut self,
        mut desk: AtDesk,
        session: &str,
        result: Value,
    ) -> Result<SignedIn, SignInFailure> {
        let me = crate::sign_in::person(&desk.known.caller.account).me();
        // The session has a sign-in of its own; this one only proved who came.
        let proof =
            Known { caller: desk.known.caller.clone(), refresh_token: desk.known.refresh_token.take() };
        proof.end(&self.app).await;
        self.desk = Some(desk);
        match serde_json::from_value(result) {
            Ok(ResumeResult { state: Some(state), .. }) => {
                Ok(SignedIn { me, session: session.to_owned(), state, resumed: true })
            }
            _ => Err(SignInFailure::Unavailable),
        }
    }

    /// Says to the desk who comes, and waits for what it says to that. Where it refuses, who they are comes back.
    async fn begin(
        &mut self,
        known: Known,
        message: impl FnOnce(ConnId, BrowserLine) -> DeskMessage,
    ) -> Flow<Result<(AtDesk, Value), Known>> {
        let conn = ConnId(self.app.next_id());
        let (queue, mut outgoing) = mpsc::channel(BROWSER_QUEUE);
        let cut = Arc::new(Notify::new());
        let told = self.app.compat.told.subscribe();
        let user = known.caller.account.id.to_string();
        let line = BrowserLine::Translator(Line { queue, cut: Arc::clone(&cut) });
        if !self.app.desk.send(message(conn, line)).await {
            return Err(Over);
        }
        let answer = async {
            while let Some(said) = outgoing.recv().await {
                let text = match said {
                    ToBrowser::Text(text) => text,
                    ToBrowser::Push(..) => continue,
                    ToBrowser::Close(_) => return None,
                };
                if let Ok(answer) = serde_json::from_str::<Answer>(&text) {
                    return answer.result;
                }
            }
            None
        };
        match timeout(BEGINS_WITHIN, answer).await {
            Ok(Some(result)) => Ok(Ok((AtDesk { conn, user, outgoing, cut, told, known }, result))),
            Ok(None) | Err(_) => {
                self.app.desk.send(DeskMessage::Disconnected(conn)).await;
                Ok(Err(known))
            }
        }
    }

    /// An access token of the connection's account, for its password.
    async fn token(&mut self, password: &str) -> Result<(String, u32), SignInFailure> {
        let Some(desk) = &self.desk else { return Err(SignInFailure::Credentials) };
        let account = &desk.known.caller.account;
        let fits = self.app.sign_in.check_password(self.peer.address, account, password).await;
        if !fits.map_err(|refusal| super::sign_in::failure(&refusal))? {
            return Err(SignInFailure::Credentials);
        }
        let tokens = self.app.sign_in.start_family(account).await;
        let tokens = tokens.map_err(|refusal| super::sign_in::failure(&refusal))?;
        Ok((tokens.access_token, tokens.expires_in))
    }
}

/// The `hello` of somebody known.
fn hello_of(
    known: Known,
    address: IpAddr,
    kind: SessionKind,
    name: Option<ringdown_desk::SessionName>,
) -> (Known, impl Fn(ConnId) -> HelloInput) {
    let claims = known.caller.claims.clone();
    let user = known.caller.account.id;
    let left = Duration::from_millis(claims.expires_at.saturating_sub(unix_ms()));
    let token_ends = known.refresh_token.is_none().then(|| std::time::Instant::now() + left);
    let hello = move |conn| HelloInput {
        conn,
        request: OWN_REQUEST,
        address,
        user,
        epoch: claims.epoch,
        family: claims.family.clone(),
        token_ends,
        kind,
        name: name.clone(),
    };
    (known, hello)
}

/// What reaches a connection from within.
enum Said {
    Text(Arc<str>),
    Told(Arc<str>),
    /// The desk ended the session.
    Over,
    /// The connection is too slow, or the server stops.
    Gone,
}

async fn said_by(desk: &mut Option<AtDesk>) -> Said {
    let Some(desk) = desk else { return std::future::pending().await };
    loop {
        tokio::select! {
            said = desk.outgoing.recv() => return match said {
                Some(ToBrowser::Text(text)) => Said::Text(text),
                Some(ToBrowser::Push(seq, body)) => Said::Text(body.frame(seq).into()),
                Some(ToBrowser::Close(_)) => Said::Over,
                None => Said::Gone,
            },
            told = desk.told.recv() => match told {
                Ok(told) if told.user == desk.user => return Said::Told(told.text),
                // Of somebody else, or more than could be taken.
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return Said::Gone,
            },
            () = desk.cut.notified() => return Said::Gone,
        }
    }
}
