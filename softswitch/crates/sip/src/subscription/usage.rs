//! One subscription: who is told, over which dialog, and when next (RFC 6665 §4.2).

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::package::{EventName, Package, Rendered};
use crate::{
    dialog::Dialog,
    message::{HeaderName, Method, Request, Response},
};

/// Names a subscription of one notifier. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriptionId(pub(super) u64);

/// Why a subscription ends, as its subscriber is told (RFC 6665 §4.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It was not refreshed, or its subscriber ended it.
    Timeout,
    /// What was subscribed to does not exist any more.
    NoResource,
    /// The subscriber may not be told any more.
    Rejected,
    /// The notifier stops, and whoever comes after it does not know the subscription.
    Stopping,
}

impl End {
    const fn reason(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::NoResource => "noresource",
            Self::Rejected => "rejected",
            // "The client SHOULD retry at some later time." §4.1.3
            Self::Stopping => "probation;retry-after=10",
        }
    }
}

/// Whether a NOTIFY is under way.
///
/// ```text
/// Idle ──change, and its time has come──► Asked ──nothing new──► Idle
///   ▲                                       │
///   └──2xx, or Retry-After── UnderWay ◄──NOTIFY sent
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    /// None is, and the next waits until then at least.
    Idle { not_before: Instant },
    /// The state was asked for.
    Asked,
    /// One is; the next waits for its response.
    UnderWay { sent_at: Instant },
}

/// What there is to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Want {
    /// Nothing.
    Nothing,
    /// The state, if it differs from what was last told.
    IfChanged,
    /// The state, whatever it is: the subscriber asked.
    Always,
}

/// What follows from the outcome of a NOTIFY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The subscription goes on.
    Lives,
    /// It is gone.
    Gone,
}

/// One subscription.
pub(super) struct Subscription<R> {
    pub(super) dialog: Dialog,
    pub(super) event: EventName,
    /// Who proved to be its subscriber.
    pub(super) subscriber: Arc<str>,
    pub(super) resource: R,
    /// Our Contact.
    pub(super) contact: String,
    pub(super) expires_at: Instant,
    pub(super) delivery: Delivery,
    pub(super) want: Want,
    pub(super) ending: Option<End>,
    /// What was last told.
    pub(super) told: Told,
}

/// What was last told.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// A hash of the document; `None` before the first.
    pub(super) fingerprint: Option<u64>,
    /// The version number of the next document.
    pub(super) version: u32,
    /// The calls it named that were not over.
    pub(super) calls: Vec<Box<str>>,
}

impl<R> Subscription<R> {
    /// There is something to tell.
    pub(super) fn want(&mut self, want: Want) {
        self.want = self.want.max(want);
    }

    /// Whether the state is to be asked for.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        match self.delivery {
            // The last word does not wait for the throttle, nor for the answer to the one before.
            Delivery::Idle { .. } | Delivery::UnderWay { .. } if self.ending.is_some() => true,
            Delivery::Idle { not_before } => {
                self.want == Want::Always || (self.want == Want::IfChanged && not_before <= now)
            }
            Delivery::Asked | Delivery::UnderWay { .. } => false,
        }
    }

    pub(super) fn next_timeout(&self) -> Instant {
        match self.delivery {
            Delivery::Idle { not_before } if self.want != Want::Nothing => not_before.min(self.expires_at),
            _ => self.expires_at,
        }
    }

    /// A NOTIFY, with the next CSeq number.
    pub(super) fn notify(&mut self, now: Instant, state: Option<Rendered>) -> Request {
        let left = self.expires_at.saturating_duration_since(now).as_secs();
        let standing = match self.ending {
            Some(end) => format!("terminated;reason={}", end.reason()),
            None => format!("active;expires={left}"),
        };
        let request = self
            .dialog
            .request(Method::Notify)
            .with(HeaderName::Event, self.event.to_string())
            .with(HeaderName::SubscriptionState, standing)
            .with(HeaderName::Contact, self.contact.clone());
        self.want = Want::Nothing;
        self.delivery = Delivery::UnderWay { sent_at: now };
        self.told.version = self.told.version.wrapping_add(1);
        match state {
            Some(state) => request.with_body(state.content_type, state.body),
            None => request,
        }
    }

    /// A final response to its NOTIFY.
    pub(super) fn handle_response(&mut self, now: Instant, response: &Response) -> Outcome {
        let Delivery::UnderWay { sent_at } = self.delivery else { return Outcome::Lives };
        let retry_after = response.headers.text(&HeaderName::RetryAfter).ok().flatten();
        let retry_after = retry_after.and_then(leading_number);
        self.delivery = match (response.status, retry_after) {
            (200..300, _) => Delivery::Idle { not_before: sent_at + interval(self.event.package) },
            // "If the response has a Retry-After, the notifier SHOULD try again." RFC 6665 §4.2.2
            (300.., Some(seconds)) if response.status != 481 => {
                self.want(Want::IfChanged);
                self.told.fingerprint = None;
                let pause = Duration::from_secs(seconds.into()).clamp(MIN_RETRY, MAX_RETRY);
                Delivery::Idle { not_before: now + pause }
            }
            // "If the NOTIFY fails … the notifier MUST remove the subscription": 481 above all. §4.2.2
            _ => return Outcome::Gone,
        };
        Outcome::Lives
    }

    /// Its NOTIFY could not even be sent, for want of room: it is tried again.
    pub(super) fn handle_not_sent(&mut self, now: Instant) {
        self.want(Want::IfChanged);
        self.told.fingerprint = None;
        self.delivery = Delivery::Idle { not_before: now + MIN_RETRY };
    }
}

/// The least time between two NOTIFYs that nobody asked for: RFC 4235 §3.10, RFC 3856 §6.10, RFC 3842 §3.10, RFC 3680
/// §4.10. A smaller one makes bursts cost more packets, a larger one makes lamps late.
const fn interval(package: Package) -> Duration {
    match package {
        Package::Dialog | Package::MessageSummary => Duration::from_secs(1),
        Package::Presence | Package::Reg => Duration::from_secs(5),
    }
}

/// The number a Retry-After begins with; a comment or parameters may follow.
fn leading_number(text: &str) -> Option<u32> {
    let digits = text.split(|char: char| !char.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// A subscriber that says to try again at once is not believed.
const MIN_RETRY: Duration = Duration::from_secs(5);
/// One that says to try again tomorrow neither: its lamp would be wrong until then.
const MAX_RETRY: Duration = Duration::from_secs(300);
