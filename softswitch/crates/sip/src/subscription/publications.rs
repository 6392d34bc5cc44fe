//! PUBLISH: what telephones say of their user's presence (RFC 3903).

use std::{
    collections::HashMap,
    hash::Hash,
    time::{Duration, Instant},
};

use ringdown_types::Random;

use super::{
    expires::expires,
    package::{EventName, Package, allow_events},
    presence::Published,
};
use crate::{
    endpoint::TimerQueue,
    message::{HeaderName, Request, Response},
};

/// How long publications live and how many there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicationsConfig {
    /// A shorter expiry is refused with 423.
    pub min_expires: Duration,
    /// A longer expiry is cut to this, and it is the expiry of a PUBLISH that names none.
    pub max_expires: Duration,
    /// Publications of one resource; one more replaces the one that was changed longest ago.
    pub max_per_resource: usize,
    /// All publications; one more is refused with 503. Each holds at most 512 bytes.
    pub max_publications: usize,
    /// The longest document, in bytes; a longer one is refused with 413.
    pub max_body: usize,
}

impl Default for PublicationsConfig {
    fn default() -> Self {
        Self {
            min_expires: Duration::from_secs(60),
            max_expires: Duration::from_secs(3600),
            max_per_resource: 8,
            max_publications: 65_536,
            max_body: 16_384,
        }
    }
}

/// One telephone's publication.
#[derive(Debug)]
struct Publication<R> {
    resource: R,
    etag: String,
    said: Published,
    expires_at: Instant,
    changed_at: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct PublicationId(u64);

/// Every publication. `R` names whom it is of.
pub struct Publications<R> {
    config: PublicationsConfig,
    last_id: u64,
    publications: HashMap<PublicationId, Publication<R>>,
    of: HashMap<R, Vec<PublicationId>>,
    timers: TimerQueue<PublicationId>,
}

impl<R: Clone + Eq + Hash> Publications<R> {
    /// No publications.
    pub fn new(config: PublicationsConfig) -> Self {
        Self {
            config,
            last_id: 0,
            publications: HashMap::new(),
            of: HashMap::new(),
            timers: TimerQueue::new(),
        }
    }

    /// Answers a PUBLISH for `resource`, whose telephone proved to have sent it (RFC 3903 §6).
    pub fn handle_publish(
        &mut self,
        now: Instant,
        random: &mut dyn Random,
        resource: &R,
        request: &Request,
    ) -> Response {
        match self.publish(now, random, resource, request) {
            Ok((etag, expires)) => Response::to_request(request, 200)
                .with(HeaderName::SipETag, etag)
                .with(HeaderName::Expires, expires.as_secs().to_string()),
            Err(response) => *response,
        }
    }

    fn publish(
        &mut self,
        now: Instant,
        random: &mut dyn Random,
        resource: &R,
        request: &Request,
    ) -> Result<(String, Duration), Box<Response>> {
        let refuse = |status| Box::new(Response::to_request(request, status));
        // Step 2: the package, of which only presence is published.
        match EventName::of(request) {
            Ok(Some(EventName { package: Package::Presence, .. })) => {}
            Ok(_) => return Err(Box::new(refuse(489).with(HeaderName::AllowEvents, allow_events()))),
            Err(_) => return Err(Box::new(refuse(400).with_reason("Missing Or Malformed Event"))),
        }
        let known = self.matched(resource, request)?;
        let expires = expires(request, self.config.min_expires..=self.config.max_expires)?;
        let said = self.said(request)?;
        match (known, said) {
            // "If there is no SIP-If-Match and no body, 400." Step 5.
            (None, None) => return Err(Box::new(refuse(400).with_reason("Missing Body"))),
            (Some(id), _) if expires.is_zero() => self.remove(id),
            (None, Some(_)) if expires.is_zero() => {}
            (Some(id), said) => self.update(now, id, (said, expires)),
            (None, Some(said)) => self.insert(now, resource, (said, expires)).map_err(|()| {
                Box::new(refuse(503).with(HeaderName::RetryAfter, RETRY_AFTER_SECONDS.to_string()))
            })?,
        }
        // Each success gives a new entity-tag. Step 6 f.
        let etag = random.token(16);
        let touched = known.unwrap_or(PublicationId(self.last_id));
        if let Some(publication) = self.publications.get_mut(&touched) {
            publication.etag.clone_from(&etag);
        }
        Ok((etag, expires))
    }

    /// Step 3: the publication a conditional request is about. "If there is none, 412."
    fn matched(&self, resource: &R, request: &Request) -> Result<Option<PublicationId>, Box<Response>> {
        let refuse = |status| Box::new(Response::to_request(request, status));
        let Ok(tag) = request.headers.text(&HeaderName::SipIfMatch) else { return Err(refuse(400)) };
        let Some(tag) = tag else { return Ok(None) };
        let ids = self.of.get(resource).into_iter().flatten();
        let mut matching = ids.filter(|id| self.publications.get(id).is_some_and(|known| known.etag == tag));
        matching.next().map(|id| Some(*id)).ok_or_else(|| refuse(412))
    }

    /// Step 5: the document, if there is one.
    fn said(&self, request: &Request) -> Result<Option<Published>, Box<Response>> {
        let refuse = |status| Box::new(Response::to_request(request, status));
        if request.body.is_empty() {
            return Ok(None);
        }
        let kind = request.headers.content_type().ok().flatten();
        if kind.is_none_or(|kind| kind.essence != Package::Presence.content_type()) {
            return Err(Box::new(refuse(415).with(HeaderName::Accept, Package::Presence.content_type())));
        }
        if request.body.len() > self.config.max_body {
            return Err(refuse(413));
        }
        Published::parse(&request.body)
            .map(Some)
            .ok_or_else(|| Box::new(refuse(400).with_reason("Malformed Document")))
    }

    fn insert(
        &mut self,
        now: Instant,
        resource: &R,
        (said, expires): (Published, Duration),
    ) -> Result<(), ()> {
        let mine = self.of.get(resource).map_or(&[][..], Vec::as_slice);
        if mine.len() >= self.config.max_per_resource {
            let oldest = mine.iter().min_by_key(|id| self.publications.get(id).map(|known| known.changed_at));
            if let Some(id) = oldest.copied() {
                self.remove(id);
            }
        }
        if self.publications.len() >= self.config.max_publications {
            return Err(());
        }
        self.last_id += 1;
        let id = PublicationId(self.last_id);
        let publication = Publication {
            resource: resource.clone(),
            etag: String::new(),
            said,
            expires_at: now + expires,
            changed_at: now,
        };
        self.timers.set(id, Some(publication.expires_at));
        self.publications.insert(id, publication);
        self.of.entry(resource.clone()).or_default().push(id);
        Ok(())
    }

    fn update(&mut self, now: Instant, id: PublicationId, (said, expires): (Option<Published>, Duration)) {
        if let Some(publication) = self.publications.get_mut(&id) {
            publication.expires_at = now + expires;
            if let Some(said) = said {
                publication.said = said;
                publication.changed_at = now;
            }
            self.timers.set(id, Some(publication.expires_at));
        }
    }

    /// What somebody's telephones say: open if one of them is, the rest as the latest one that says it.
    pub fn of(&self, resource: &R) -> Published {
        let ids = self.of.get(resource).into_iter().flatten();
        let mut all: Vec<_> = ids.filter_map(|id| self.publications.get(id)).collect();
        all.sort_by_key(|publication| publication.changed_at);
        let mut published = Published::default();
        for Publication { said, .. } in all {
            published.open = match (published.open, said.open) {
                (Some(one), Some(two)) => Some(one || two),
                (one, two) => two.or(one),
            };
            published.activity = said.activity.or(published.activity);
            if !said.note.is_empty() {
                published.note.clone_from(&said.note);
            }
        }
        published
    }

    /// How many publications there are.
    pub fn len(&self) -> usize {
        self.publications.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.publications.is_empty()
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.timers.next_timeout()
    }

    /// Forgets what was not refreshed; whom it was of is returned.
    pub fn handle_timeout(&mut self, now: Instant) -> Vec<R> {
        let mut changed = Vec::new();
        while let Some(id) = self.timers.take_expired(now) {
            changed.extend(self.publications.get(&id).map(|publication| publication.resource.clone()));
            self.remove(id);
        }
        changed
    }

    fn remove(&mut self, id: PublicationId) {
        let Some(gone) = self.publications.remove(&id) else { return };
        self.timers.set(id, None);
        if let Some(ids) = self.of.get_mut(&gone.resource) {
            ids.retain(|known| *known != id);
            if ids.is_empty() {
                self.of.remove(&gone.resource);
            }
        }
    }
}

impl<R> std::fmt::Debug for Publications<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Publications").field("publications", &self.publications.len()).finish_non_exhaustive()
    }
}

/// When a telephone that was refused may try again.
const RETRY_AFTER_SECONDS: u32 = 60;

#[cfg(test)]
mod tests {
    use ringdown_types::SeededRandom;

    use super::*;
    use crate::{
        message::{Datagram, Message, parse_datagram},
        subscription::Activity,
    };

    const OPEN: &str = "<presence><tuple id='t'><status><basic>open</basic></status></tuple></presence>";
    const AWAY: &str = "<presence><person><activities><away/></activities></person></presence>";

    struct Bench {
        now: Instant,
        random: SeededRandom,
        publications: Publications<u8>,
    }

    impl Bench {
        fn new() -> Self {
            let publications = Publications::new(PublicationsConfig::default());
            Self { now: crate::test_start(), random: SeededRandom::new(1), publications }
        }

        /// The status, and the entity-tag if there is one.
        fn publish(&mut self, headers: &str, body: &str) -> (u16, String) {
            let kind = if body.is_empty() { "" } else { "Content-Type: application/pidf+xml\r\n" };
            let text = format!(
                "PUBLISH sip:101@h SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:101@h>;tag=a\r\n\
                 To: <sip:101@h>\r\nCall-ID: 1\r\nCSeq: 7 PUBLISH\r\nEvent: presence\r\n{headers}{kind}\r\n{body}"
            );
            let request = match parse_datagram(&text.into()) {
                Ok(Datagram::Message(Message::Request(request))) => request,
                other => panic!("{other:?}"),
            };
            let response = self.publications.handle_publish(self.now, &mut self.random, &1, &request);
            let etag = response.headers.text(&HeaderName::SipETag).ok().flatten();
            (response.status, etag.unwrap_or_default().to_owned())
        }
    }

    #[test]
    fn a_publication_is_made_refreshed_changed_and_removed() {
        let mut bench = Bench::new();
        let (status, first) = bench.publish("Expires: 600\r\n", OPEN);
        assert_eq!(status, 200);
        assert_eq!(bench.publications.of(&1).open, Some(true));
        let (status, second) = bench.publish(&format!("SIP-If-Match: {first}\r\n"), "");
        assert_eq!(status, 200);
        assert_ne!(first, second);
        assert_eq!(bench.publish(&format!("SIP-If-Match: {first}\r\n"), "").0, 412, "the old tag is void");
        let (status, third) = bench.publish(&format!("SIP-If-Match: {second}\r\n"), AWAY);
        assert_eq!(status, 200);
        assert_eq!(bench.publications.of(&1).activity, Some(Activity::Away));
        assert_eq!(bench.publish(&format!("SIP-If-Match: {third}\r\nExpires: 0\r\n"), "").0, 200);
        assert!(bench.publications.is_empty());
        assert_eq!(bench.publications.next_timeout(), None);
    }

    #[test]
    fn what_is_not_refreshed_is_forgotten() {
        let mut bench = Bench::new();
        let (_, etag) = bench.publish("Expires: 60\r\n", AWAY);
        bench.now += Duration::from_secs(60);
        assert_eq!(bench.publications.next_timeout(), Some(bench.now));
        assert_eq!(bench.publications.handle_timeout(bench.now), [1]);
        assert_eq!(bench.publications.of(&1), Published::default());
        assert_eq!(bench.publish(&format!("SIP-If-Match: {etag}\r\n"), AWAY).0, 412);
    }

    #[test]
    fn what_cannot_be_published_is_refused() {
        let mut bench = Bench::new();
        assert_eq!(bench.publish("", "").0, 400);
        assert_eq!(bench.publish("", "<presence>").0, 400);
        assert_eq!(bench.publish("Expires: 5\r\n", OPEN).0, 423);
        assert_eq!(bench.publish("Event: dialog\r\n", OPEN).0, 400, "two Events");
        assert_eq!(bench.publish("Content-Type: text/plain\r\n", OPEN).0, 415);
        let long = format!("<presence><note>{}</note></presence>", "a".repeat(20_000));
        assert_eq!(bench.publish("", &long).0, 413);
        assert!(bench.publications.is_empty());
    }

    #[test]
    fn a_telephone_that_forgets_its_tags_does_not_fill_the_table() {
        let mut bench = Bench::new();
        for _ in 0..50 {
            assert_eq!(bench.publish("", AWAY).0, 200);
            bench.now += Duration::from_secs(1);
        }
        assert_eq!(bench.publications.len(), PublicationsConfig::default().max_per_resource);
    }
}
