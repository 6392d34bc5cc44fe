//! What a machine says to its shell.

use ringdown_protocol::{Me, Request, State};

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Sends a text to the client.
    Client(Text),
    /// Asks the desk. Its answer comes back by `handle_response`.
    Desk(Request),
    /// Finds out who it is, and begins or goes on with a session. `handle_signed_in` gets the outcome; nothing else is
    /// asked until then.
    SignIn(SignIn),
    /// Tells every Webitel client of an account something of another client's.
    Tell {
        /// The account.
        user: String,
        /// The text.
        text: Text,
    },
    /// Makes an access token for the account, if the password is its own. `handle_token` gets it.
    Token {
        /// The password.
        password: Secret,
    },
    /// Ends the connection after what was said before.
    Close,
}

/// A text of a client's protocol. It may hold numbers, names and credentials: `Debug` shows its size only.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(pub String);

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

/// A password or a token. It never reaches a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("‹redacted›")
    }
}

/// Who it says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// The sign-in name or the number; unused with a token.
    pub name: crate::AccountName,
    /// How it proves that.
    pub proof: Proof,
    /// The client's own name for its session, by which it is found again.
    pub session: Option<String>,
}

/// How a client proves who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// The account's password.
    Password(Secret),
    /// An access token.
    Token(Secret),
}

impl Proof {
    /// A secret that may be either: tokens of ours begin with their version.
    pub(crate) fn of(secret: &str) -> Self {
        let is_token = secret.strip_prefix("v1.").is_some_and(|rest| rest.contains('.'));
        let secret = Secret(secret.to_owned());
        if is_token { Self::Token(secret) } else { Self::Password(secret) }
    }
}

/// A session was begun, or is gone on with.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedIn {
    /// Who signed in.
    pub me: Me,
    /// The session, as the client is told.
    pub session: String,
    /// Everything as it is.
    pub state: State,
    /// An earlier connection's session goes on.
    pub resumed: bool,
}

/// Why nobody is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInFailure {
    /// The name or the secret is wrong.
    Credentials,
    /// Too many tries, or too many sessions.
    TooOften,
    /// The server cannot tell now.
    Unavailable,
}
