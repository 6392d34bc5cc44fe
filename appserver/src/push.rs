//! Web Push: rings browsers whose page is closed (RFC 8030, 8291, 8292).
//!
//! ```text
//!  desk ─ Output::Wake ─▶ queue ─▶ run ─ encrypted for each browser ─▶ its push service ─▶ service worker
//!                                                                                              │
//!  desk ◀─ DeskMessage::WakeDeclined ◀─ POST push/decline with the secret of the message ◀─────┘
//! ```
//!
//! What a message says is for the browser alone: the push service sees its length, which is padded, and nothing else.

mod encrypt;
mod vapid;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::http::{HeaderValue, header};
use futures_util::future::join_all;
use ringdown_desk::WakeCall;
use ringdown_types::{CallId, EndReason, LegId, Pii, UserId};
use serde_json::json;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};
use url::Url;

pub use vapid::VapidKey;

use crate::{
    clock::unix_ms,
    config::Config,
    desk_task::{DeskHandle, DeskMessage},
    outgoing::{Outgoing, Sender},
    outside::OneTime,
    problem::Refusal,
    store::{PushSubscription, Store, StoreError},
};

/// Wakes that wait for their turn. Beyond it calls ring without waking anybody, as they do where push fails.
pub const QUEUE: usize = 1_024;
/// Messages being sent at once.
const AT_ONCE: usize = 32;
/// Whoever was woken may decline for so long: the longest a call rings.
const DECLINE_WITHIN: Duration = Duration::from_secs(300);
/// Calls that can be declined at once; beyond it the oldest give way.
const MAX_DECLINES: usize = 10_000;
/// The longest endpoint. Those of browsers have a few hundred characters.
const MAX_ENDPOINT: usize = 2_048;
/// A message that a call is over is of no use later.
const OVER_WITHIN: Duration = Duration::from_secs(60);

/// What browsers are told.
#[derive(Debug)]
pub enum PushItem {
    /// A call rings.
    Wake(Box<WakeCall>),
    /// It rings no more.
    Over {
        /// Whose.
        user: UserId,
        /// The call.
        call: CallId,
        /// Why.
        reason: EndReason,
    },
}

impl PushItem {
    /// Who is told about what.
    fn about(&self) -> (UserId, CallId) {
        match self {
            Self::Wake(wake) => (wake.user, wake.call),
            Self::Over { user, call, .. } => (*user, *call),
        }
    }
}

/// Who can be woken and how.
#[derive(Debug)]
pub struct Push {
    key: VapidKey,
    contact: String,
    sender: Sender,
    store: Store,
    desk: DeskHandle,
    declines: OneTime<(UserId, LegId)>,
}

impl Push {
    /// Reads the key, or makes it on the first start.
    ///
    /// # Errors
    /// When the key file cannot be read or written.
    pub fn load(config: &Config, store: Store, desk: DeskHandle) -> std::io::Result<Self> {
        let contact = config.push_contact.clone().or_else(|| config.public_url.clone());
        Ok(Self {
            key: VapidKey::load(&config.state)?,
            contact: contact.unwrap_or_else(|| "mailto:admin@localhost".to_owned()),
            sender: Sender::new(config.push_hosts.iter().cloned()),
            store,
            desk,
            declines: OneTime::new(DECLINE_WITHIN, MAX_DECLINES),
        })
    }

    /// The public key browsers subscribe with, base64url.
    pub fn public_key(&self) -> String {
        self.key.public()
    }

    /// Tells the desk who can be woken: at the start.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn announce(&self) -> Result<(), StoreError> {
        for user in self.store.wakeable(unix_ms()).await? {
            self.desk.send(DeskMessage::Wakeable(user, true)).await;
        }
        Ok(())
    }

    /// Keeps a browser of somebody's sign-in.
    ///
    /// # Errors
    /// When it is none that can be woken, or the store fails.
    pub async fn subscribe(
        &self,
        owner: (UserId, &str),
        subscription: &PushSubscription,
    ) -> Result<(), Refusal> {
        let url = Url::parse(&subscription.endpoint).ok().filter(|url| self.sender.check(url).is_ok());
        if url.is_none() || subscription.endpoint.len() > MAX_ENDPOINT {
            return Err(Refusal::bad_request("endpoint is an https URL of a push service"));
        }
        if encrypt::Recipient::read(subscription).is_none() {
            return Err(Refusal::bad_request("keys are those of the browser's PushSubscription"));
        }
        self.store.keep_subscription(owner, subscription, unix_ms()).await?;
        self.desk.send(DeskMessage::Wakeable(owner.0, true)).await;
        Ok(())
    }

    /// Forgets a browser of somebody's.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unsubscribe(&self, user: UserId, endpoint: &str) -> Result<(), Refusal> {
        self.store.forget_subscription(Some(user), endpoint).await?;
        Ok(self.look_again(user).await?)
    }

    /// Tells the desk whether somebody can still be woken: after a browser is gone, or a sign-in is over.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn look_again(&self, user: UserId) -> Result<(), StoreError> {
        let is_wakeable = !self.store.subscriptions(user, unix_ms()).await?.is_empty();
        self.desk.send(DeskMessage::Wakeable(user, is_wakeable)).await;
        Ok(())
    }

    /// Refuses the call a message was about.
    ///
    /// # Errors
    /// When the secret is not good any more.
    pub async fn decline(&self, secret: &str) -> Result<(), Refusal> {
        let declined = self.declines.redeem(Instant::now(), secret);
        let (user, leg) = declined.ok_or(Refusal::NotFound("call"))?;
        self.desk.send(DeskMessage::WakeDeclined(user, leg)).await;
        Ok(())
    }

    /// Tells every browser of the user's.
    async fn tell(&self, item: PushItem) {
        let (user, call) = item.about();
        let subscriptions = match self.store.subscriptions(user, unix_ms()).await {
            Ok(subscriptions) => subscriptions,
            Err(error) => {
                tracing::error!(%error, "nobody is woken: the store failed");
                return;
            }
        };
        if subscriptions.is_empty() {
            self.desk.send(DeskMessage::Wakeable(user, false)).await;
            return;
        }
        let (text, within) = match item {
            PushItem::Wake(wake) => {
                let decline = self.declines.issue(Instant::now(), (wake.user, wake.leg));
                let message = json!({
                    "type": "call", "call": wake.call.to_string(), "leg": wake.leg.to_string(),
                    "name": wake.name.0, "number": wake.number.0,
                    "at": unix_ms(), "ringMs": wake.within.as_millis() as u64, "decline": decline,
                });
                (message.to_string(), wake.within)
            }
            PushItem::Over { reason, .. } => {
                let message = json!({"type": "over", "call": call.to_string(), "reason": reason.name(), "at": unix_ms()});
                (message.to_string(), OVER_WITHIN)
            }
        };
        // At once: one push service that hangs must not keep the other browsers from ringing.
        let sends =
            subscriptions.iter().map(|subscription| self.send(user, subscription, (&text, call, within)));
        join_all(sends).await;
    }

    async fn send(
        &self,
        user: UserId,
        subscription: &PushSubscription,
        (text, call, within): (&str, CallId, Duration),
    ) {
        let Some(request) = self.request(subscription, (text, call, within)) else { return };
        match self.sender.send(request).await {
            Ok(answer) if answer.status.is_success() => {
                tracing::debug!(%call, "a browser is told by push");
            }
            // RFC 8030 §7.3: the browser is not subscribed any more.
            Ok(answer) if matches!(answer.status.as_u16(), 404 | 410) => {
                let forgotten = self.store.forget_subscription(None, &subscription.endpoint).await;
                if let Err(error) = forgotten.and(self.look_again(user).await) {
                    tracing::error!(%error, "a browser that is gone is not forgotten");
                }
            }
            Ok(answer) => tracing::warn!(%call, status = answer.status.as_u16(), "a push service refuses"),
            Err(error) => tracing::warn!(%call, %error, "a push service is not reached"),
        }
    }

    /// The message for one browser; `None` where it can have none.
    fn request(
        &self,
        subscription: &PushSubscription,
        (text, call, within): (&str, CallId, Duration),
    ) -> Option<Outgoing> {
        let url = Url::parse(&subscription.endpoint).ok()?;
        let body = encrypt::encrypt(&encrypt::Recipient::read(subscription)?, text.as_bytes())?;
        let authorization = self.key.authorization(&url, &self.contact, unix_ms() / 1000)?;
        // RFC 8030 §5.4: a message about the same call takes the place of one that was not delivered yet.
        let topic = call.to_string();
        Some(
            Outgoing::post(url, "application/octet-stream", body)
                .with(header::AUTHORIZATION, HeaderValue::from_str(&authorization).ok()?)
                .with(header::CONTENT_ENCODING, HeaderValue::from_static("aes128gcm"))
                .with(header::HeaderName::from_static("ttl"), HeaderValue::from(within.as_secs().max(1)))
                .with(header::HeaderName::from_static("urgency"), HeaderValue::from_static("high"))
                .with(header::HeaderName::from_static("topic"), HeaderValue::from_str(&topic).ok()?),
        )
    }
}

/// Sends what the desk has to tell, until it is gone. That a call is over is sent after the call, or the browser would
/// ring for it until somebody looks.
pub async fn run(mut queue: mpsc::Receiver<PushItem>, push: Arc<Push>) {
    let mut sending = JoinSet::new();
    // What is being sent about a call to somebody, at most `AT_ONCE` of them: it closes when that is done.
    let mut before: HashMap<(UserId, CallId), oneshot::Receiver<()>> = HashMap::new();
    while let Some(item) = queue.recv().await {
        if sending.len() >= AT_ONCE {
            sending.join_next().await;
        }
        while sending.try_join_next().is_some() {}
        before.retain(|_, done| done.try_recv() == Err(oneshot::error::TryRecvError::Empty));
        let (push, (done, is_done)) = (Arc::clone(&push), oneshot::channel());
        let before = before.insert(item.about(), is_done);
        sending.spawn(async move {
            let _done = done;
            if let Some(before) = before {
                // An error is the end of it.
                before.await.unwrap_or_default();
            }
            push.tell(item).await;
        });
    }
}

impl PushSubscription {
    /// As a browser's `PushSubscription` has it.
    pub fn new(endpoint: String, p256dh: String, auth: String) -> Self {
        Self { endpoint: Pii(endpoint), p256dh, auth: Pii(auth) }
    }
}
