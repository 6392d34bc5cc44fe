//! The notifier: every subscription (RFC 6665 §4.2).
//!
//! Its user authenticates a SUBSCRIBE, hands it to [`Notifier::inspect`], decides what it is about, and answers with
//! what [`Notifier::subscribe`] or [`Notifier::refresh`] returns. Then, and after each change, it drains
//! [`Notifier::poll_output`].

use std::{
    collections::{HashMap, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::{Duration, Instant},
};

use ringdown_types::Random;
use tracing::debug;

use super::{
    expires::expires,
    package::{Document, EventName, Package, allow_events},
    usage::{Delivery, End, Outcome, Subscription, SubscriptionId, Told, Want},
};
use crate::{
    dialog::{Dialog, DialogId},
    endpoint::{ByConnection, ConnectionId, Destination, Flow, TimerQueue},
    message::{HeaderName, Request, Response, Uri},
};

/// How long subscriptions live and how many there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotifierConfig {
    /// A shorter expiry is refused with 423. A smaller value lets telephones refresh more often.
    pub min_expires: Duration,
    /// A longer expiry is cut to this, and it is the expiry of a SUBSCRIBE that names none. A larger value keeps the
    /// subscriptions of dead telephones longer.
    pub max_expires: Duration,
    /// Subscriptions of one subscriber; one more is refused with 503. A telephone with several side panels has two
    /// hundred lamps.
    pub max_per_subscriber: usize,
    /// All subscriptions; one more is refused with 503. Each holds about 1 kB.
    pub max_subscriptions: usize,
}

impl Default for NotifierConfig {
    fn default() -> Self {
        Self {
            min_expires: Duration::from_secs(60),
            max_expires: Duration::from_secs(3600),
            max_per_subscriber: 256,
            max_subscriptions: 65_536,
        }
    }
}

/// What a notifier wants done.
#[derive(Debug)]
pub enum Output {
    /// Send this NOTIFY, and tell what becomes of it: [`Notifier::handle_response`], [`Notifier::handle_failure`], or
    /// [`Notifier::handle_not_sent`].
    Notify {
        /// The subscription.
        subscription: SubscriptionId,
        /// The NOTIFY without Via.
        request: Box<Request>,
        /// Where to: the flow of the subscriber.
        destination: Destination,
    },
    /// Say how things are, with [`Notifier::notify`], or that there is nothing to say, with [`Notifier::end`].
    StateWanted {
        /// The subscription.
        subscription: SubscriptionId,
    },
}

/// What a SUBSCRIBE asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// A new subscription, or the state once.
    New {
        /// Of what kind.
        event: EventName,
        /// For how long; zero to be told once.
        expires: Duration,
    },
    /// That a subscription lives on, or ends.
    Known {
        /// Which.
        subscription: SubscriptionId,
        /// For how long; zero ends it.
        expires: Duration,
    },
}

/// A SUBSCRIBE that begins a subscription.
#[derive(Debug)]
pub struct NewSubscription<'a, R> {
    /// The SUBSCRIBE.
    pub request: &'a Request,
    /// The flow it came over, which NOTIFYs take too.
    pub flow: Flow,
    /// Our Contact.
    pub contact: Uri,
    /// Who proved to have sent it.
    pub subscriber: &'a str,
    /// What it is about.
    pub resource: R,
}

/// Every subscription. `R` names what is subscribed to.
pub struct Notifier<R> {
    config: NotifierConfig,
    last_id: u64,
    subscriptions: HashMap<SubscriptionId, Subscription<R>>,
    dialogs: HashMap<DialogId, SubscriptionId>,
    subscribers: HashMap<Arc<str>, usize>,
    watched: HashMap<R, Vec<(Package, SubscriptionId)>>,
    connections: ByConnection<SubscriptionId>,
    timers: TimerQueue<SubscriptionId>,
    outputs: VecDeque<Output>,
}

impl<R: Clone + Eq + Hash> Notifier<R> {
    /// A notifier without subscriptions.
    pub fn new(config: NotifierConfig) -> Self {
        Self {
            config,
            last_id: 0,
            subscriptions: HashMap::new(),
            dialogs: HashMap::new(),
            subscribers: HashMap::new(),
            watched: HashMap::new(),
            connections: ByConnection::default(),
            timers: TimerQueue::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Reads a SUBSCRIBE.
    ///
    /// # Errors
    /// The refusal: 400, 406, 423, 481, 489.
    pub fn inspect(&self, request: &Request) -> Result<Asked, Box<Response>> {
        let refuse = |status| Box::new(Response::to_request(request, status));
        let event = match EventName::of(request) {
            Ok(Some(event)) => event,
            // "489 Bad Event", with what would be good. RFC 6665 §4.2.1.1, §8.3.2
            Ok(None) => return Err(Box::new(refuse(489).with(HeaderName::AllowEvents, allow_events()))),
            Err(_) => return Err(Box::new(refuse(400).with_reason("Missing Or Malformed Event"))),
        };
        let expires = expires(request, self.config.min_expires..=self.config.max_expires)?;
        match DialogId::of_request(request) {
            Ok(None) if !event.package.accepts(request) => {
                Err(Box::new(refuse(406).with(HeaderName::Accept, event.package.content_type())))
            }
            Ok(None) => Ok(Asked::New { event, expires }),
            Ok(Some(dialog)) => {
                let known = self.dialogs.get(&dialog).copied();
                let known = known.filter(|id| self.subscriptions.get(id).is_some_and(|s| s.event == event));
                // "If it is in no dialog of ours, 481." §4.2.1.1
                known.map(|subscription| Asked::Known { subscription, expires }).ok_or_else(|| refuse(481))
            }
            Err(_) => Err(refuse(400)),
        }
    }

    /// Begins a subscription, or with zero `expires` tells the state once. The response is to be sent before what
    /// [`Self::poll_output`] then gives.
    pub fn subscribe(
        &mut self,
        now: Instant,
        random: &mut dyn Random,
        (event, expires): (EventName, Duration),
        new: NewSubscription<'_, R>,
    ) -> Response {
        let mine = self.subscribers.get(new.subscriber).copied().unwrap_or_default();
        if mine >= self.config.max_per_subscriber || self.subscriptions.len() >= self.config.max_subscriptions
        {
            debug!("too many subscriptions");
            return Response::to_request(new.request, 503)
                .with(HeaderName::RetryAfter, RETRY_AFTER_SECONDS.to_string());
        }
        let tag = random.token(12);
        let Ok(mut dialog) = Dialog::from_request(new.request, &tag, new.flow) else {
            return Response::to_request(new.request, 400).with_reason("Missing Or Malformed Contact");
        };
        dialog.confirm();
        self.last_id += 1;
        let id = SubscriptionId(self.last_id);
        let subscriber = self.subscriber(new.subscriber);
        self.dialogs.insert(dialog.id().clone(), id);
        self.watched.entry(new.resource.clone()).or_default().push((event.package, id));
        let contact = format!("<{}>", new.contact);
        let response = accepted(new.request, expires, &contact).with_to_tag(&tag);
        let subscription = Subscription {
            dialog,
            event,
            subscriber,
            resource: new.resource,
            contact,
            expires_at: now + expires,
            delivery: Delivery::Idle { not_before: now },
            // "Upon accepting, the notifier MUST send a NOTIFY immediately." §4.2.1.2
            want: Want::Always,
            ending: expires.is_zero().then_some(End::Timeout),
            told: Told::default(),
        };
        self.connections.moved(id, None, Some(new.flow));
        self.subscriptions.insert(id, subscription);
        self.settle(now, id);
        response
    }

    /// Lets a subscription live on, or end. Only its subscriber may.
    pub fn refresh(
        &mut self,
        now: Instant,
        (id, expires): (SubscriptionId, Duration),
        (request, flow): (&Request, Flow),
        subscriber: &str,
    ) -> Response {
        let Some(subscription) = self.subscriptions.get_mut(&id) else {
            return Response::to_request(request, 481);
        };
        if *subscription.subscriber != *subscriber {
            return Response::to_request(request, 403);
        }
        let before = flow_of(subscription.dialog.destination());
        if subscription.dialog.handle_request(request, flow).is_err() {
            return Response::to_request(request, 500).with_reason("CSeq Out Of Order");
        }
        self.connections.moved(id, before, Some(flow));
        // SUBSCRIBE is a target refresh request. §4.1.2.2
        subscription.dialog.refresh_target(&request.headers);
        subscription.expires_at = now + expires;
        subscription.want(Want::Always);
        if expires.is_zero() {
            subscription.ending = Some(End::Timeout);
        }
        let response = accepted(request, expires, &subscription.contact);
        self.settle(now, id);
        response
    }

    /// Something about a resource changed. Who watches it is told when it is their time, if what they would be told
    /// changed as well.
    pub fn handle_change(&mut self, now: Instant, package: Package, resource: &R) {
        let Some(watchers) = self.watched.get(resource) else { return };
        let ids: Vec<_> = watchers.iter().filter(|(of, _)| *of == package).map(|(_, id)| *id).collect();
        for id in ids {
            if let Some(subscription) = self.subscriptions.get_mut(&id) {
                subscription.want(Want::IfChanged);
            }
            self.settle(now, id);
        }
    }

    /// The answer to [`Output::StateWanted`].
    pub fn notify(&mut self, now: Instant, id: SubscriptionId, mut document: Document) {
        let Some(subscription) = self.subscriptions.get_mut(&id) else { return };
        if let Document::Dialog(info) = &mut document {
            let live = info.live().collect();
            info.add_ended(&std::mem::replace(&mut subscription.told.calls, live));
        }
        let mut hasher = DefaultHasher::new();
        document.hash(&mut hasher);
        let fingerprint = Some(hasher.finish());
        let is_news = subscription.told.fingerprint != fingerprint;
        if subscription.want < Want::Always && subscription.ending.is_none() && !is_news {
            subscription.want = Want::Nothing;
            subscription.delivery = Delivery::Idle { not_before: now };
        } else {
            subscription.told.fingerprint = fingerprint;
            let state = document.render(subscription.told.version);
            self.send(now, id, Some(state));
        }
        self.settle(now, id);
    }

    /// Ends a subscription; its subscriber is told why.
    pub fn end(&mut self, now: Instant, id: SubscriptionId, end: End) {
        if let Some(subscription) = self.subscriptions.get_mut(&id) {
            subscription.ending.get_or_insert(end);
            self.send(now, id, None);
        }
    }

    /// Ends what somebody subscribed to who may not any more.
    pub fn end_all_of(&mut self, now: Instant, subscriber: &str) {
        let of = |(id, subscription): (&SubscriptionId, &Subscription<R>)| {
            (*subscription.subscriber == *subscriber).then_some(*id)
        };
        let ids: Vec<_> = self.subscriptions.iter().filter_map(of).collect();
        ids.into_iter().for_each(|id| self.end(now, id, End::Rejected));
    }

    /// Ends everything.
    pub fn end_all(&mut self, now: Instant, end: End) {
        let ids: Vec<_> = self.subscriptions.keys().copied().collect();
        ids.into_iter().for_each(|id| self.end(now, id, end));
    }

    /// A connection closed: who was told over it is not reached any more, and subscribes anew.
    pub fn handle_connection_closed(&mut self, connection: ConnectionId) {
        self.connections.closed(connection).into_iter().for_each(|id| self.remove(id));
    }

    /// A final response to a NOTIFY.
    pub fn handle_response(&mut self, now: Instant, id: SubscriptionId, response: &Response) {
        if response.is_provisional() {
            return;
        }
        let Some(subscription) = self.subscriptions.get_mut(&id) else { return };
        match subscription.handle_response(now, response) {
            Outcome::Lives => self.settle(now, id),
            Outcome::Gone => {
                debug!(status = response.status, "subscriber gone");
                self.remove(id);
            }
        }
    }

    /// A NOTIFY got no response, or could not be delivered: the subscriber is gone (RFC 6665 §4.2.2).
    pub fn handle_failure(&mut self, id: SubscriptionId) {
        self.remove(id);
    }

    /// A NOTIFY could not be sent for want of transactions.
    pub fn handle_not_sent(&mut self, now: Instant, id: SubscriptionId) {
        if let Some(subscription) = self.subscriptions.get_mut(&id) {
            subscription.handle_not_sent(now);
            self.settle(now, id);
        }
    }

    /// What a subscription is about, while it lives.
    pub fn watched_by(&self, id: SubscriptionId) -> Option<(Package, &R)> {
        let subscription = self.subscriptions.get(&id)?;
        Some((subscription.event.package, &subscription.resource))
    }

    /// Counts a subscription of somebody; the names are shared.
    fn subscriber(&mut self, name: &str) -> Arc<str> {
        let known = self.subscribers.get_key_value(name).map(|(name, _)| name.clone());
        let name = known.unwrap_or_else(|| name.into());
        *self.subscribers.entry(name.clone()).or_default() += 1;
        name
    }

    /// Everything that is watched.
    pub fn resources(&self) -> impl Iterator<Item = &R> {
        self.watched.keys()
    }

    /// Everybody who subscribed to something.
    pub fn subscribers(&self) -> impl Iterator<Item = &str> {
        self.subscribers.keys().map(|name| &**name)
    }

    /// Whether anybody watches it.
    pub fn is_watched(&self, resource: &R) -> bool {
        self.watched.contains_key(resource)
    }

    /// How many subscriptions there are.
    pub fn len(&self) -> usize {
        self.subscriptions.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.subscriptions.is_empty()
    }

    /// The next thing to do. **Drain it after every call.**
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.timers.next_timeout()
    }

    /// Tells what waited for its time, and ends what was not refreshed.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(id) = self.timers.take_expired(now) {
            if let Some(subscription) = self.subscriptions.get_mut(&id)
                && subscription.expires_at <= now
            {
                subscription.ending.get_or_insert(End::Timeout);
            }
            self.settle(now, id);
        }
    }

    /// Asks for the state if it is time to tell it, and sets the timer.
    fn settle(&mut self, now: Instant, id: SubscriptionId) {
        let Some(subscription) = self.subscriptions.get_mut(&id) else { return };
        if subscription.is_due(now) {
            subscription.delivery = Delivery::Asked;
            self.outputs.push_back(Output::StateWanted { subscription: id });
        }
        let timer = subscription.ending.is_none().then(|| subscription.next_timeout());
        self.timers.set(id, timer);
    }

    /// Sends a NOTIFY; the last one ends the subscription, whatever becomes of it.
    fn send(&mut self, now: Instant, id: SubscriptionId, state: Option<super::Rendered>) {
        let Some(subscription) = self.subscriptions.get_mut(&id) else { return };
        let request = Box::new(subscription.notify(now, state));
        let destination = subscription.dialog.destination();
        let is_last = subscription.ending.is_some();
        self.outputs.push_back(Output::Notify { subscription: id, request, destination });
        if is_last {
            self.remove(id);
        }
    }

    fn remove(&mut self, id: SubscriptionId) {
        let Some(gone) = self.subscriptions.remove(&id) else { return };
        self.timers.set(id, None);
        self.dialogs.remove(gone.dialog.id());
        self.connections.moved(id, flow_of(gone.dialog.destination()), None);
        if let Some(watchers) = self.watched.get_mut(&gone.resource) {
            watchers.retain(|(_, watcher)| *watcher != id);
            if watchers.is_empty() {
                self.watched.remove(&gone.resource);
            }
        }
        if let Some(count) = self.subscribers.get_mut(&gone.subscriber) {
            *count -= 1;
            if *count == 0 {
                self.subscribers.remove(&gone.subscriber);
            }
        }
    }
}

impl<R> std::fmt::Debug for Notifier<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notifier").field("subscriptions", &self.subscriptions.len()).finish_non_exhaustive()
    }
}

const fn flow_of(destination: Destination) -> Option<Flow> {
    match destination {
        Destination::Flow(flow) => Some(flow),
        Destination::Address { .. } => None,
    }
}

/// The 200 of a SUBSCRIBE (RFC 6665 §4.2.1.2; RFC 3261 §12.1.1 for Record-Route).
fn accepted(request: &Request, expires: Duration, contact: &str) -> Response {
    let mut response = Response::to_request(request, 200)
        .with(HeaderName::Expires, expires.as_secs().to_string())
        .with(HeaderName::Contact, contact);
    for header in request.headers.all(&HeaderName::RecordRoute) {
        response.headers.push_header(header.clone());
    }
    response
}

/// When a telephone that was refused may try again.
const RETRY_AFTER_SECONDS: u32 = 60;

#[cfg(test)]
mod tests;
