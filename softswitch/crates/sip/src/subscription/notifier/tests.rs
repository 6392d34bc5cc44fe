use ringdown_types::SeededRandom;

use super::*;
use crate::{
    endpoint::Transport,
    message::{Datagram, Message, parse_datagram},
    subscription::{DialogDirection, DialogEntry, DialogInfo, DialogState},
};

const BOB: u8 = 102;

/// A notifier, a subscriber, and the state of bob's lamp.
struct Bench {
    now: Instant,
    random: SeededRandom,
    notifier: Notifier<u8>,
    state: Option<DialogState>,
    notified: Vec<(SubscriptionId, Request)>,
}

impl Bench {
    fn new(config: NotifierConfig) -> Self {
        Self {
            now: crate::test_start(),
            random: SeededRandom::new(3),
            notifier: Notifier::new(config),
            state: None,
            notified: Vec::new(),
        }
    }

    /// Hands a SUBSCRIBE over; its status and To tag.
    fn send(&mut self, request: &Request) -> Response {
        let response = match self.notifier.inspect(request) {
            Err(refusal) => *refusal,
            Ok(Asked::Known { subscription, expires }) => {
                self.notifier.refresh(self.now, (subscription, expires), (request, flow()), "alice")
            }
            Ok(Asked::New { event, expires }) => {
                let contact = Uri::parse("sip:pbx@192.0.2.100").expect("well-formed");
                let new =
                    NewSubscription { request, flow: flow(), contact, subscriber: "alice", resource: BOB };
                self.notifier.subscribe(self.now, &mut self.random, (event, expires), new)
            }
        };
        self.settle();
        response
    }

    fn subscribe(&mut self, call_id: &str, expires: u32) -> Response {
        self.send(&subscribe(call_id, 1, &format!("Event: dialog\r\nExpires: {expires}\r\n"), ""))
    }

    fn settle(&mut self) {
        while let Some(output) = self.notifier.poll_output() {
            match output {
                Output::Notify { subscription, request, .. } => self.notified.push((subscription, *request)),
                Output::StateWanted { subscription } => {
                    let dialogs = self.state.map(|state| DialogEntry {
                        id: "1".into(),
                        state,
                        direction: DialogDirection::Recipient,
                        held: false,
                        local: None,
                        remote: None,
                    });
                    let info =
                        DialogInfo { entity: "sip:102@pbx".into(), dialogs: dialogs.into_iter().collect() };
                    self.notifier.notify(self.now, subscription, Document::Dialog(info));
                }
            }
        }
    }

    fn lamp(&mut self, state: Option<DialogState>) {
        self.state = state;
        self.notifier.handle_change(self.now, Package::Dialog, &BOB);
        self.settle();
    }

    fn answer(&mut self, status: u16, extra: Option<(HeaderName, &str)>) {
        let (id, request) = self.notified.last().expect("something was told");
        let mut response = Response::to_request(request, status);
        if let Some((name, value)) = extra {
            response = response.with(name, value);
        }
        self.notifier.handle_response(self.now, *id, &response);
        self.settle();
    }

    fn wait(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.notifier.handle_timeout(self.now);
        self.settle();
    }

    fn standing(&self) -> &str {
        let (_, request) = self.notified.last().expect("something was told");
        request.headers.text(&HeaderName::SubscriptionState).ok().flatten().unwrap_or_default()
    }

    fn body(&self) -> &str {
        let (_, request) = self.notified.last().expect("something was told");
        std::str::from_utf8(&request.body).expect("text")
    }
}

fn flow() -> Flow {
    let address = ([192, 0, 2, 1], 5060).into();
    Flow { transport: Transport::Udp, local: address, remote: address, connection: ConnectionId(0) }
}

fn subscribe(call_id: &str, cseq: u32, extra: &str, to_tag: &str) -> Request {
    let text = format!(
        "SUBSCRIBE sip:102@h SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:101@h>;tag=a\r\n\
         To: <sip:102@h>{to_tag}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} SUBSCRIBE\r\n\
         Contact: <sip:101@192.0.2.1>\r\nRecord-Route: <sip:p1;lr>\r\n{extra}\r\n"
    );
    match parse_datagram(&text.into()) {
        Ok(Datagram::Message(Message::Request(request))) => request,
        other => panic!("{other:?}"),
    }
}

fn to_tag(response: &Response) -> String {
    let to = response.headers.to().expect("a To");
    format!(";tag={}", to.tag().expect("tagged"))
}

#[test]
fn a_lamp_lights_and_goes_out() {
    let mut bench = Bench::new(NotifierConfig::default());
    let response = bench.subscribe("1", 600);
    assert_eq!(response.status, 200);
    assert_eq!(response.headers.number(&HeaderName::Expires), Ok(Some(600)));
    assert_eq!(response.headers.text(&HeaderName::RecordRoute), Ok(Some("<sip:p1;lr>")));
    assert_eq!(bench.standing(), "active;expires=600");
    let (_, notify) = bench.notified.last().expect("told at once");
    assert_eq!(notify.headers.text(&HeaderName::Event), Ok(Some("dialog")));
    assert_eq!(notify.headers.text(&HeaderName::Route), Ok(Some("<sip:p1;lr>")));
    assert!(bench.body().contains("version=\"0\""));
    bench.answer(200, None);
    bench.wait(2);
    bench.lamp(Some(DialogState::Early));
    assert!(bench.body().contains("<state>early</state>"));
    bench.answer(200, None);
    bench.wait(2);
    bench.lamp(None);
    assert!(bench.body().contains("version=\"2\"") && bench.body().contains("<state>terminated</state>"));
    assert_eq!(bench.notified.len(), 3);
}

#[test]
fn a_burst_is_one_notify_and_a_change_that_went_back_is_none() {
    let mut bench = Bench::new(NotifierConfig::default());
    bench.subscribe("1", 600);
    // The first is under way: everything that happens meanwhile is told by one.
    for state in [DialogState::Trying, DialogState::Early, DialogState::Confirmed] {
        bench.lamp(Some(state));
    }
    assert_eq!(bench.notified.len(), 1);
    bench.answer(200, None);
    assert_eq!(bench.notified.len(), 1, "not twice within a second");
    bench.wait(1);
    assert_eq!(bench.notified.len(), 2);
    assert!(bench.body().contains("confirmed"));
    bench.answer(200, None);
    bench.wait(5);
    bench.lamp(Some(DialogState::Confirmed));
    assert_eq!(bench.notified.len(), 2, "nothing changed");
    assert_eq!(bench.notifier.next_timeout(), Some(bench.now + Duration::from_secs(600 - 6)));
}

#[test]
fn a_refresh_tells_the_state_again_and_expires_zero_ends() {
    let mut bench = Bench::new(NotifierConfig::default());
    let tag = to_tag(&bench.subscribe("1", 600));
    bench.answer(200, None);
    let refresh = subscribe("1", 2, "Event: dialog\r\nExpires: 900\r\n", &tag);
    assert_eq!(bench.send(&refresh).status, 200);
    assert_eq!((bench.notified.len(), bench.standing()), (2, "active;expires=900"));
    assert_eq!(bench.send(&subscribe("1", 1, "Event: dialog\r\n", &tag)).status, 500, "an old one");
    assert_eq!(bench.send(&subscribe("1", 3, "Event: presence\r\n", &tag)).status, 481);
    let end = subscribe("1", 4, "Event: dialog\r\nExpires: 0\r\n", &tag);
    assert_eq!(bench.send(&end).status, 200);
    assert_eq!(bench.standing(), "terminated;reason=timeout");
    assert!(!bench.body().is_empty());
    assert!(bench.notifier.is_empty());
    assert_eq!(bench.send(&end).status, 481);
}

#[test]
fn a_fetch_leaves_nothing_behind() {
    let mut bench = Bench::new(NotifierConfig::default());
    assert_eq!(bench.subscribe("1", 0).status, 200);
    assert_eq!(bench.standing(), "terminated;reason=timeout");
    assert!(bench.body().contains("dialog-info"));
    assert!(bench.notifier.is_empty());
    assert_eq!(bench.notifier.next_timeout(), None);
}

#[test]
fn what_is_not_refreshed_ends() {
    let mut bench = Bench::new(NotifierConfig::default());
    bench.subscribe("1", 60);
    bench.answer(200, None);
    bench.wait(60);
    assert_eq!(bench.standing(), "terminated;reason=timeout");
    assert!(bench.notifier.is_empty());
}

#[test]
fn a_subscriber_that_is_gone_is_forgotten() {
    let mut bench = Bench::new(NotifierConfig::default());
    bench.subscribe("1", 600);
    bench.answer(481, None);
    assert!(bench.notifier.is_empty(), "it restarted");
    bench.subscribe("2", 600);
    let (id, _) = bench.notified.last().expect("told").clone();
    bench.notifier.handle_failure(id);
    assert!(bench.notifier.is_empty(), "no response");
    assert_eq!(bench.notifier.subscribers().count(), 0);
    assert_eq!(bench.notifier.resources().count(), 0);
}

#[test]
fn a_subscriber_that_is_busy_is_told_later() {
    let mut bench = Bench::new(NotifierConfig::default());
    bench.subscribe("1", 600);
    bench.answer(503, Some((HeaderName::RetryAfter, "10 (soon)")));
    assert_eq!(bench.notified.len(), 1);
    bench.wait(10);
    assert_eq!(bench.notified.len(), 2);
    bench.answer(200, None);
    assert_eq!(bench.notifier.len(), 1);
}

#[test]
fn refusals() {
    let mut bench = Bench::new(NotifierConfig::default());
    let mut status = |extra: &str| bench.send(&subscribe("1", 1, extra, ""));
    assert_eq!(status("Event: conference\r\n").status, 489);
    assert!(status("Event: conference\r\n").headers.contains(&HeaderName::AllowEvents));
    assert_eq!(status("").status, 400);
    assert_eq!(status("Event: dialog\r\nExpires: 10\r\n").status, 423);
    assert_eq!(
        status("Event: dialog\r\nExpires: 10\r\n").headers.number(&HeaderName::MinExpires),
        Ok(Some(60))
    );
    assert_eq!(status("Event: dialog\r\nAccept: application/pidf+xml\r\n").status, 406);
    assert_eq!(status("Event: dialog\r\nAccept: application/*\r\nExpires: 0\r\n").status, 200);
    assert_eq!(status("Event: dialog;id=7\r\nExpires: 0\r\n").status, 200);
    assert_eq!(
        bench.notified.last().map(|(_, notify)| notify.headers.text(&HeaderName::Event)),
        Some(Ok(Some("dialog;id=7")))
    );
    assert_eq!(bench.send(&subscribe("9", 1, "Event: dialog\r\n", ";tag=x")).status, 481);
}

#[test]
fn a_flood_of_subscriptions_is_bounded() {
    let config = NotifierConfig { max_per_subscriber: 10, ..NotifierConfig::default() };
    let mut bench = Bench::new(config);
    let statuses: Vec<u16> = (0..1000).map(|n| bench.subscribe(&n.to_string(), 600).status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 10);
    assert_eq!(statuses.iter().filter(|status| **status == 503).count(), 990);
    assert_eq!(bench.notifier.len(), 10);
}

#[test]
fn who_may_not_any_more_is_told_so() {
    let mut bench = Bench::new(NotifierConfig::default());
    bench.subscribe("1", 600);
    bench.notifier.end_all_of(bench.now, "alice");
    bench.settle();
    assert_eq!(bench.standing(), "terminated;reason=rejected");
    assert!(bench.notifier.is_empty());
}

#[test]
fn who_was_told_over_a_closed_connection_subscribes_anew() {
    let mut bench = Bench::new(NotifierConfig::default());
    let request = subscribe("1", 1, "Event: dialog\r\nExpires: 600\r\n", "");
    let Ok(Asked::New { event, expires }) = bench.notifier.inspect(&request) else {
        panic!("a good SUBSCRIBE")
    };
    let tcp = Flow { transport: Transport::Tcp, connection: ConnectionId(5), ..flow() };
    let contact = Uri::parse("sip:pbx@192.0.2.100").expect("well-formed");
    let new = NewSubscription { request: &request, flow: tcp, contact, subscriber: "alice", resource: BOB };
    bench.notifier.subscribe(bench.now, &mut bench.random, (event, expires), new);
    bench.notifier.handle_connection_closed(ConnectionId(4));
    assert_eq!(bench.notifier.len(), 1);
    bench.notifier.handle_connection_closed(ConnectionId(5));
    assert!(bench.notifier.is_empty());
    assert_eq!(bench.notifier.next_timeout(), None);
}
