//! Signing in: password to tokens, tokens to account.

use std::{
    net::IpAddr,
    sync::Mutex,
    time::{Duration, Instant},
};

use ringdown_desk::{Backoff, Person, Rate, RateLimiter};
use ringdown_protocol::{Ticket, Tokens};
use ringdown_types::{Pii, UserId};

use crate::{
    access::{ACCESS_TOKEN_LIFETIME, Claims, TICKET_LIFETIME, Tickets, TokenKey, VoicemailLink, hash_secret},
    clock::unix_ms,
    desk_task::{DeskHandle, DeskMessage},
    password::Passwords,
    problem::Refusal,
    random::secret,
    store::{Account, RefreshToken, Rotation, Store, StoreError},
};

/// How long a sign-in lasts without a refresh.
const REFRESH_TOKEN_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Failed tries of one address, whatever the name: an office behind one address that mistypes fits.
const ADDRESS_FAILURES: Rate = Rate { burst: 100, per_second: 0.2 };
/// Names and addresses remembered at once.
const REMEMBERED: usize = 50_000;
/// Nobody's password is longer; hashing megabytes would only cost.
pub const MAX_PASSWORD_BYTES: usize = 256;

/// Whoever showed a valid token.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The account as it is.
    pub account: Account,
    /// What the token says.
    pub claims: Claims,
}

/// The sign-in desk.
pub struct SignIn {
    store: Store,
    key: TokenKey,
    passwords: Passwords,
    desk: DeskHandle,
    tickets: Tickets,
    tries: Mutex<Tries>,
}

struct Tries {
    per_name: Backoff<(IpAddr, String)>,
    per_address: RateLimiter<IpAddr>,
}

impl SignIn {
    /// The sign-in desk of a store.
    pub fn new(store: Store, key: TokenKey, passwords: Passwords, desk: DeskHandle) -> Self {
        let tries = Tries {
            per_name: Backoff::new(REMEMBERED),
            per_address: RateLimiter::new(ADDRESS_FAILURES, REMEMBERED),
        };
        Self { store, key, passwords, desk, tickets: Tickets::default(), tries: Mutex::new(tries) }
    }

    /// Signs in.
    ///
    /// # Errors
    /// As [`Self::prove`].
    pub async fn login(&self, address: IpAddr, username: &str, password: &str) -> Result<Tokens, Refusal> {
        let account = self.prove(address, username, password).await?;
        self.start_family(&account).await
    }

    /// The account of a name and its password. An unknown name, a disabled account and a wrong password are answered
    /// alike, after the same work.
    ///
    /// # Errors
    /// When it does not fit, was tried too often, or the store fails.
    pub async fn prove(&self, address: IpAddr, username: &str, password: &str) -> Result<Account, Refusal> {
        let username = username.trim().to_lowercase();
        let key = (address, username.chars().take(64).collect::<String>());
        self.begin_try(&key)?;
        let account = self.store.account_by_username(&username).await?;
        let account = account.filter(|account| account.enabled);
        let hash =
            account.as_ref().map(|account| account.password_hash.as_str()).filter(|hash| !hash.is_empty());
        let password = if password.len() <= MAX_PASSWORD_BYTES { password } else { "" };
        let fits = self.passwords.verify(password, hash).await?;
        let Some(account) = account.filter(|_| fits) else {
            tracing::info!(address = %Pii(address), "a sign-in failed");
            return Err(Refusal::BadCredentials);
        };
        self.tries.lock().expect("no holder of the lock panics").per_name.handle_success(&key);
        Ok(account)
    }

    /// Counts the try as failed before the password is looked at: tries made at once do not slip through.
    fn begin_try(&self, key: &(IpAddr, String)) -> Result<(), Refusal> {
        let now = Instant::now();
        let mut tries = self.tries.lock().expect("no holder of the lock panics");
        let wait = tries.per_name.wait(now, key);
        if !wait.is_zero() {
            return Err(Refusal::RateLimited(wait.as_secs() + 1));
        }
        if !tries.per_address.allow(now, &key.0) {
            return Err(Refusal::RateLimited(5));
        }
        tries.per_name.handle_failure(now, key);
        Ok(())
    }

    /// What a link to a voicemail message stands for, as long as its account may sign in.
    ///
    /// # Errors
    /// When it is not one of ours or is over, or the store fails.
    pub async fn read_link(&self, link: &str) -> Result<VoicemailLink, Refusal> {
        let link = self.key.read_link(link, unix_ms()).ok_or(Refusal::NotFound("link"))?;
        let account = self.store.account(link.user).await?.filter(|account| account.enabled);
        account.map(|_| link).ok_or(Refusal::NotFound("link"))
    }

    /// Signs an account in without a password: after it has just proven itself.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn start_family(&self, account: &Account) -> Result<Tokens, Refusal> {
        let (refresh, family, now) = (secret(), secret(), unix_ms());
        let token = RefreshToken {
            hash: hash_secret(&refresh),
            family: family.clone(),
            user: account.id,
            expires_at: now + REFRESH_TOKEN_LIFETIME.as_millis() as u64,
        };
        self.store.create_refresh_token(&token, now).await?;
        Ok(self.tokens(account, family, refresh))
    }

    /// Signs in whoever proved to be this account by other means.
    ///
    /// # Errors
    /// When the account is gone or disabled, or the store fails.
    pub async fn start(&self, user: UserId) -> Result<Tokens, Refusal> {
        let account = self.store.account(user).await?.filter(|account| account.enabled);
        self.start_family(&account.ok_or(Refusal::BadCredentials)?).await
    }

    /// Whether an address may try once more.
    ///
    /// # Errors
    /// [`Refusal::RateLimited`].
    pub fn check_address(&self, address: IpAddr) -> Result<(), Refusal> {
        let tries = self.tries.lock().expect("no holder of the lock panics");
        if tries.per_address.has_token(Instant::now(), &address) {
            Ok(())
        } else {
            Err(Refusal::RateLimited(5))
        }
    }

    /// An address showed what is not good.
    pub fn handle_failure(&self, address: IpAddr) {
        self.tries.lock().expect("no holder of the lock panics").per_address.allow(Instant::now(), &address);
    }

    /// Takes a refresh token in and gives the next one out. One that was used before ends the whole sign-in.
    ///
    /// # Errors
    /// When it is not good any more, or the store fails.
    pub async fn refresh(&self, address: IpAddr, token: &str) -> Result<Tokens, Refusal> {
        let (next, now) = (secret(), unix_ms());
        let ends = now + REFRESH_TOKEN_LIFETIME.as_millis() as u64;
        let rotation =
            self.store.rotate_refresh_token(&hash_secret(token), &hash_secret(&next), ends, now).await?;
        match rotation {
            Rotation::Rotated { user, family } => {
                let account = self.store.account(user).await?.filter(|account| account.enabled);
                let account = account.ok_or(Refusal::BadCredentials)?;
                Ok(self.tokens(&account, family, next))
            }
            Rotation::Reused { family } => {
                tracing::warn!(address = %Pii(address), "a refresh token was used twice; its sign-in is over");
                self.end_family(family).await?;
                Err(Refusal::BadCredentials)
            }
            Rotation::Unknown => {
                let mut tries = self.tries.lock().expect("no holder of the lock panics");
                if tries.per_address.allow(Instant::now(), &address) {
                    Err(Refusal::BadCredentials)
                } else {
                    Err(Refusal::RateLimited(5))
                }
            }
        }
    }

    /// Ends the sign-in of a refresh token: its tokens and its sessions. An unknown token is no error.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn logout(&self, token: &str) -> Result<(), Refusal> {
        if let Some(family) = self.store.revoke_by_refresh_token(&hash_secret(token)).await? {
            self.end_family(family).await?;
        }
        Ok(())
    }

    /// Ends the sessions of a sign-in that is over, and wakes its browsers no more.
    async fn end_family(&self, family: String) -> Result<(), StoreError> {
        let user = self.store.forget_subscriptions_of(&family).await?;
        self.desk.sign_out(family).await;
        if let Some(user) = user
            && self.store.subscriptions(user, unix_ms()).await?.is_empty()
        {
            self.desk.send(DeskMessage::Wakeable(user, false)).await;
        }
        Ok(())
    }

    /// Who shows this access token. The account and the sign-in are looked up anew.
    ///
    /// # Errors
    /// When it is not valid, or the store fails.
    pub async fn authorize(&self, token: &str) -> Result<Caller, Refusal> {
        let claims = self.key.read(token, unix_ms()).ok_or(Refusal::BadCredentials)?;
        self.caller(claims).await
    }

    /// Who shows this ticket, which is used up.
    ///
    /// # Errors
    /// When it is not valid, or the store fails.
    pub async fn redeem(&self, ticket: &str) -> Result<Caller, Refusal> {
        let claims = self.tickets.redeem(Instant::now(), ticket).ok_or(Refusal::BadCredentials)?;
        self.caller(claims).await
    }

    /// A ticket that stands for the caller once.
    pub fn ticket(&self, caller: &Caller) -> Ticket {
        let ticket = self.tickets.issue(Instant::now(), caller.claims.clone());
        Ticket { ticket, expires_in: TICKET_LIFETIME.as_secs() as u32 }
    }

    /// Whether the password is the account's. It counts as a try to sign in.
    ///
    /// # Errors
    /// When it was tried too often, or too many wait.
    pub async fn check_password(
        &self,
        address: IpAddr,
        account: &Account,
        password: &str,
    ) -> Result<bool, Refusal> {
        let key = (address, account.username.to_lowercase());
        self.begin_try(&key)?;
        // Whoever signs in by the word of others has none.
        let hash = Some(account.password_hash.as_str()).filter(|hash| !hash.is_empty());
        let fits = self.passwords.verify(password, hash).await?;
        if fits {
            self.tries.lock().expect("no holder of the lock panics").per_name.handle_success(&key);
        }
        Ok(fits)
    }

    /// A value of these parts that nobody else can make, for names that must not be guessed.
    pub fn derive(&self, parts: &[&str]) -> [u8; 32] {
        self.key.derive(parts)
    }

    /// The hash to keep for a password.
    ///
    /// # Errors
    /// When too many wait.
    pub async fn hash_password(&self, password: &str) -> Result<String, Refusal> {
        Ok(self.passwords.hash(password).await?)
    }

    async fn caller(&self, claims: Claims) -> Result<Caller, Refusal> {
        let account = self.store.account(claims.user).await?;
        let account = account.filter(|account| account.enabled && account.epoch == claims.epoch);
        let account = account.ok_or(Refusal::BadCredentials)?;
        if !self.store.has_family(&claims.family).await? {
            return Err(Refusal::BadCredentials);
        }
        Ok(Caller { account, claims })
    }

    fn tokens(&self, account: &Account, family: String, refresh_token: String) -> Tokens {
        let claims = Claims {
            user: account.id,
            epoch: account.epoch,
            family,
            expires_at: unix_ms() + ACCESS_TOKEN_LIFETIME.as_millis() as u64,
        };
        Tokens {
            access_token: self.key.sign(&claims),
            expires_in: ACCESS_TOKEN_LIFETIME.as_secs() as u32,
            refresh_token,
            me: person(account).me(),
        }
    }
}

/// An account as the desk knows it.
pub fn person(account: &Account) -> Person {
    Person {
        id: account.id,
        username: account.username.clone(),
        name: account.name.clone(),
        extension: account.extension.clone(),
        department: account.department.clone(),
        photo: account.photo.as_ref().map(|file| format!("/api/v1/photos/{file}")),
        role: account.role,
        enabled: account.enabled,
        epoch: account.epoch,
    }
}
