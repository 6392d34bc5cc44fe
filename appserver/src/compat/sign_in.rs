//! Who an older client is: a name and a password, or an access token.

use std::net::IpAddr;

use ringdown_compat::{AccountName, Proof, SignIn, SignInFailure};
use ringdown_desk::SessionName;
use ringdown_types::{SessionId, UserId};

use crate::{hex, problem::Refusal, server::App, sign_in::Caller};

/// Somebody who proved who they are.
pub(super) struct Known {
    pub(super) caller: Caller,
    /// Ends the sign-in that was made for them; none where they brought a token of another.
    pub(super) refresh_token: Option<String>,
}

impl Known {
    /// Ends the sign-in that was made for them, if one was.
    pub(super) async fn end(self, app: &App) {
        if let Some(token) = self.refresh_token
            && let Err(error) = app.sign_in.logout(&token).await
        {
            tracing::error!(refusal = %error, "a sign-in cannot be ended");
        }
    }
}

pub(super) async fn find_out(app: &App, address: IpAddr, sign_in: &SignIn) -> Result<Known, SignInFailure> {
    let known = match &sign_in.proof {
        Proof::Token(token) => {
            app.sign_in.authorize(&token.0).await.map(|caller| Known { caller, refresh_token: None })
        }
        Proof::Password(password) => with_password(app, address, &sign_in.name, &password.0).await,
    };
    known.map_err(|refusal| failure(&refusal))
}

async fn with_password(
    app: &App,
    address: IpAddr,
    name: &AccountName,
    password: &str,
) -> Result<Known, Refusal> {
    if !app.password_sign_in {
        return Err(Refusal::BadCredentials);
    }
    let username = username_of(app, name).await?;
    let tokens = app.sign_in.login(address, &username, password).await?;
    let caller = app.sign_in.authorize(&tokens.access_token).await?;
    Ok(Known { caller, refresh_token: Some(tokens.refresh_token) })
}

/// The sign-in name: as it was written, without its domain, or that of the number's account.
pub(super) async fn username_of(app: &App, name: &AccountName) -> Result<String, Refusal> {
    for written in [&name.whole, &name.user] {
        if app.store.account_by_username(written).await?.is_some() {
            return Ok(written.clone());
        }
    }
    let account = app.store.account_by_extension(&name.user).await?;
    Ok(account.map_or_else(|| name.user.clone(), |account| account.username.0))
}

pub(super) fn failure(refusal: &Refusal) -> SignInFailure {
    match refusal {
        Refusal::BadCredentials | Refusal::Forbidden => SignInFailure::Credentials,
        Refusal::RateLimited(_) => SignInFailure::TooOften,
        _ => {
            tracing::error!(%refusal, "a sign-in cannot be checked");
            SignInFailure::Unavailable
        }
    }
}

/// The session that a client of this user calls `session`. Others can neither name nor guess it: it is made with the
/// server's key, and the user must be signed in to be given it.
pub(super) fn name_of(app: &App, user: UserId, session: &str) -> Option<SessionName> {
    let derive = |purpose: &str| hex::encode(&app.sign_in.derive(&[purpose, &user.to_string(), session]));
    let id: SessionId = derive("compat session").get(..32)?.parse().ok()?;
    Some(SessionName { id, secret: derive("compat secret") })
}
