//! Presence: what is seen, what is said in the browser, what telephones publish.

mod support;

use std::time::Duration;

use ringdown_control::{Activity, Command, Event, PersonStatement, SettingChange, Statement};
use ringdown_sip::message::{HeaderName, Method};
use ringdown_types::Pii;
use support::{BOB, Office, phone::Phone};

/// Presence is told every five seconds at most.
const PAUSE: Duration = Duration::from_secs(6);
const AWAY: &str = "<presence xmlns='urn:ietf:params:xml:ns:pidf'><person><activities><away/></activities></person>\
                    <tuple id='t'><status><basic>open</basic></status><note>back at 3</note></tuple></presence>";

fn last(office: &Office, phone: usize) -> String {
    office.phones[phone].told().pop().expect("something was told")
}

fn published(office: &Office) -> Vec<Statement> {
    let mut all = Vec::new();
    for event in &office.events {
        if let Event::Published { person } = event {
            assert_eq!(person.user, BOB);
            all.push(person.statement.clone());
        }
    }
    all
}

fn publish(phone: &mut Phone, whom: &str, extra: &[(HeaderName, &str)], body: &str) {
    let mut headers = vec![(HeaderName::Event, "presence"), (HeaderName::Expires, "60")];
    headers.extend(extra.iter().cloned());
    phone.ask(Method::Publish, whom, &headers, ("application/pidf+xml", body));
}

#[test]
fn bob_comes_talks_rests_and_goes() {
    let mut office = Office::new();
    let alice = office.phone("alice-phone");
    office.at(alice, |phone| phone.watch("presence", "102"));
    assert!(last(&office, alice).contains("<basic>closed</basic>"));
    office.advance(PAUSE);
    let bob = office.phone("bob-phone");
    office.advance(PAUSE);
    assert!(last(&office, alice).contains("<basic>open</basic>"));
    office.at(bob, |phone| phone.dial("*43"));
    office.advance(PAUSE);
    assert!(last(&office, alice).contains("<rpid:on-the-phone/>"));
    office.at(bob, Phone::hang_up);
    let change = SettingChange::DoNotDisturb { on: true };
    office.command(Command::ChangeSetting { user: BOB, change });
    office.advance(PAUSE);
    assert!(last(&office, alice).contains("<rpid:busy/>"));
    office.at(bob, |phone| phone.register(0));
    office.advance(PAUSE);
    assert!(last(&office, alice).contains("<basic>closed</basic>"));
    office.assert_quiet();
}

#[test]
fn what_bob_says_in_the_browser_reaches_alices_phone() {
    let mut office = Office::new();
    let alice = office.phone("alice-phone");
    let _tab = office.tab(BOB);
    office.at(alice, |phone| phone.watch("presence", "102"));
    let statement = Statement { activity: Some(Activity::Meeting), note: Pii("until <3>".into()) };
    office.command(Command::State { people: vec![PersonStatement { user: BOB, statement }] });
    office.advance(PAUSE);
    let told = last(&office, alice);
    assert!(
        told.contains("<rpid:meeting/>") && told.contains("<dm:note>until &lt;3&gt;</dm:note>"),
        "{told}"
    );
    let statement = Statement::default();
    office.command(Command::State { people: vec![PersonStatement { user: BOB, statement }] });
    office.advance(PAUSE);
    assert!(!last(&office, alice).contains("rpid:meeting/"));
}

#[test]
fn what_bobs_phone_publishes_reaches_alice_and_the_app_server_until_it_expires() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.at(alice, |phone| phone.watch("presence", "102"));
    office.at(bob, |phone| publish(phone, "102", &[], AWAY));
    assert_eq!(office.phones[bob].last_response().status, 200);
    assert!(office.phones[bob].last_response().headers.contains(&HeaderName::SipETag));
    office.advance(PAUSE);
    assert!(last(&office, alice).contains("<rpid:away/>"));
    let away = Statement { activity: Some(Activity::Away), note: Pii("back at 3".into()) };
    assert_eq!(published(&office), std::slice::from_ref(&away));
    assert_eq!(office.switch.snapshot().published, [PersonStatement { user: BOB, statement: away }]);
    office.advance(Duration::from_secs(60));
    assert!(!last(&office, alice).contains("away"));
    assert_eq!(published(&office).last(), Some(&Statement::default()));
    assert!(office.switch.snapshot().published.is_empty());
}

#[test]
fn bob_speaks_for_himself_only() {
    let mut office = Office::new();
    let bob = office.phone("bob-phone");
    let mut status = |whom: &str, extra: &[(HeaderName, &str)], body: &str| {
        office.at(bob, |phone| publish(phone, whom, extra, body));
        office.phones[bob].last_response().status
    };
    assert_eq!(status("101", &[], AWAY), 403);
    assert_eq!(status("102", &[(HeaderName::SipIfMatch, "nothing")], AWAY), 412);
    assert_eq!(status("102", &[], "<presence"), 400);
    assert!(published(&office).is_empty());
}
