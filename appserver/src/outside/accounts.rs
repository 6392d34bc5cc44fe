//! The account of somebody as others know them; made where there is none and the configuration says so.

use ringdown_protocol::Role;
use ringdown_types::{Extension, Pii, UserId};

use crate::{
    clock::unix_ms,
    config::AccountRules,
    first_run::{DEFAULT_MAX_CALLS, DEFAULT_RING_SECONDS},
    jose::Claims,
    problem::Refusal,
    random::OsRandom,
    rest::{read_department, read_extension, read_name, read_username},
    server::App,
    store::{Account, StoreError},
};

/// Somebody as others know them.
#[derive(Debug, Clone, Default)]
pub struct Outsider {
    /// Issuer and `sub`, where these name the account once it is known.
    pub identity: Option<(String, String)>,
    /// The sign-in name here.
    pub username: Option<Pii<String>>,
    /// For a new account: the name others see.
    pub name: Option<Pii<String>>,
    /// For a new account: its number.
    pub extension: Option<Pii<String>>,
    /// For a new account: where they work.
    pub department: Option<Pii<String>>,
}

impl Outsider {
    /// Somebody as claims have them.
    pub fn of(claims: &Claims, username_claim: &str) -> Self {
        let text = |name: &str| claims.text(name).map(|text| Pii(text.to_owned()));
        // An address that was not verified is whatever its owner typed.
        let is_believed = username_claim != "email" || claims.is("email_verified");
        Self {
            identity: None,
            username: text(username_claim).filter(|_| is_believed),
            name: text("name"),
            extension: text("extension"),
            department: text("department"),
        }
    }
}

/// The account of somebody.
///
/// # Errors
/// [`Refusal::BadCredentials`] where there is none and none may be made, or it is disabled; [`Refusal::Forbidden`] for
/// an admin's where the rules exclude them.
pub(super) async fn find_or_create(
    app: &App,
    who: &Outsider,
    rules: &AccountRules,
) -> Result<Account, Refusal> {
    let account = match find(app, who).await? {
        Some(account) => account,
        None if rules.create => create(app, who, rules).await?,
        None => {
            tracing::info!("somebody without an account wants to sign in");
            return Err(Refusal::BadCredentials);
        }
    };
    if !account.enabled {
        return Err(Refusal::BadCredentials);
    }
    if account.role == Role::Admin && !rules.admins {
        tracing::warn!(account = %account.id, "an admin is not signed in by the word of others: accounts.admins is off");
        return Err(Refusal::Forbidden);
    }
    if let Some((issuer, subject)) = &who.identity {
        app.store.keep_identity(issuer, subject, account.id).await?;
    }
    Ok(account)
}

async fn find(app: &App, who: &Outsider) -> Result<Option<Account>, Refusal> {
    if let Some((issuer, subject)) = &who.identity
        && let Some(user) = app.store.identity(issuer, subject).await?
    {
        return Ok(app.store.account(user).await?);
    }
    let Some(username) = &who.username else { return Ok(None) };
    let Some(account) = app.store.account_by_username(&username.trim().to_lowercase()).await? else {
        return Ok(None);
    };
    // Names are changed and given anew, subjects are not: an account is one subject's of an issuer.
    if let Some((issuer, subject)) = &who.identity
        && app.store.has_other_identity(issuer, subject, account.id).await?
    {
        tracing::warn!(account = %account.id, "the issuer knows this account by another subject: nobody is signed in");
        return Err(Refusal::BadCredentials);
    }
    Ok(Some(account))
}

async fn create(app: &App, who: &Outsider, rules: &AccountRules) -> Result<Account, Refusal> {
    let username = who.username.as_ref().map(|name| read_username(name)).transpose()?;
    let Some(username) = username else {
        tracing::info!("somebody without a usable sign-in name wants an account");
        return Err(Refusal::BadCredentials);
    };
    let name = match &who.name {
        Some(name) => read_name(name)?,
        None => username.clone(),
    };
    let department =
        who.department.as_ref().map(|name| read_department(name)).transpose()?.unwrap_or_default();
    let wished = who.extension.as_ref().map(|extension| read_extension(extension)).transpose()?;
    // One at a time, and not while an admin changes numbers.
    let _turn = app.dialplan_changes.lock().await;
    // Somebody may come twice at once.
    if let Some(account) = find(app, who).await? {
        return Ok(account);
    }
    let mut account = Account {
        id: UserId::random(&mut OsRandom),
        username,
        name,
        extension: None,
        department,
        photo: None,
        role: Role::User,
        // No password fits it.
        password_hash: String::new(),
        enabled: true,
        epoch: 1,
        ring_seconds: DEFAULT_RING_SECONDS,
        max_calls: DEFAULT_MAX_CALLS,
        created_at: unix_ms(),
    };
    account.extension = number(app, &account, wished, rules).await?;
    match app.store.create_account(&account).await {
        Ok(()) => app.outside.numbers.taken(&app.store, account.extension.as_ref()).await?,
        Err(StoreError::Taken(_)) => {
            app.outside.numbers.forget().await;
            return Err(Refusal::Conflict("the sign-in name or the extension is taken".to_owned()));
        }
        Err(error) => return Err(error.into()),
    }
    drop(_turn);
    app.directory.changed().await;
    tracing::info!(account = %account.id, "an account is made for somebody who signed in");
    Ok(account)
}

/// The number of a new account: the one its token names, else the next free one of the range.
async fn number(
    app: &App,
    account: &Account,
    wished: Option<Extension>,
    rules: &AccountRules,
) -> Result<Option<Extension>, Refusal> {
    let numbers = &app.outside.numbers;
    if let Some(wished) = wished {
        if numbers.is_free(app, account, &wished).await? {
            return Ok(Some(wished));
        }
        return Err(Refusal::Conflict("the extension is taken".to_owned()));
    }
    let Some(range) = &rules.extensions else { return Ok(None) };
    let free = numbers.next_free(app, account, range).await?;
    if free.is_none() {
        tracing::warn!("a new account has no number: the range of extensions is used up");
    }
    Ok(free)
}
