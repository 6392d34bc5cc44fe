//! Messages reach a device of their addressee, or their sender is told that they did not.

mod support;

use std::time::Duration;

use ringdown_control::{ChatMessage, Command, CommandResult, Event, Party};
use ringdown_sip::message::{HeaderName, Method};
use ringdown_types::{MessageId, Pii, UserId};
use support::{ALICE, BOB, Office, phone::Phone};

fn write(phone: &mut Phone, to: &str, text: &str) {
    phone.ask(Method::Message, to, &[], ("text/plain", text));
}

fn from_browser(office: &mut Office, from: UserId, to: UserId, text: &str) -> (MessageId, CommandResult) {
    let id = MessageId::from_u128(900 + office.events.len() as u128);
    let from = Party { user: Some(from), number: Pii(String::new()), name: Pii("Mallory".into()) };
    let message = ChatMessage { id, from, to, text: Pii(text.to_owned()), at: 0 };
    (id, office.command(Command::SendMessage { message }))
}

/// What the phone was written, in the order it came.
fn requests(phone: &Phone) -> Vec<String> {
    phone
        .requests(&Method::Message)
        .map(|request| String::from_utf8_lossy(&request.body).into_owned())
        .collect()
}

fn delivered(office: &Office) -> Vec<(MessageId, bool)> {
    let mut all = Vec::new();
    for event in &office.events {
        if let Event::MessageDelivered { message, delivered } = event {
            all.push((*message, *delivered));
        }
    }
    all
}

fn shown(office: &Office) -> Vec<ChatMessage> {
    let mut all = Vec::new();
    for event in &office.events {
        if let Event::Message { message } = event {
            all.push(message.clone());
        }
    }
    all
}

#[test]
fn alices_phone_writes_to_bobs_phone() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.at(alice, |phone| write(phone, "102", "grüezi"));
    assert_eq!(office.phones[alice].statuses().last(), Some(&200));
    let message = office.phones[bob].last_request(&Method::Message).expect("it came");
    assert_eq!(message.body, "grüezi".as_bytes());
    let from = message.headers.from().expect("From");
    assert_eq!(
        (from.display.as_deref(), from.uri.to_string().as_str()),
        (Some("Alice"), "sip:101@example.test")
    );
    assert!(shown(&office).is_empty(), "no app server is there");
}

#[test]
fn a_message_to_nobody_is_answered_so() {
    let mut office = Office::new();
    let alice = office.phone("alice-phone");
    let mut status = |to: &str, kind: &str, text: &str| {
        office.at(alice, |phone| phone.ask(Method::Message, to, &[], (kind, text)));
        office.phones[alice].last_response().status
    };
    assert_eq!(status("999", "text/plain", "hello"), 404);
    assert_eq!(status("102", "text/plain", "hello"), 480, "bob has no device");
    assert_eq!(status("102", "text/html", "<b>hello</b>"), 415);
    assert_eq!(status("102", "text/plain;charset=iso-8859-1", "hello"), 415);
    assert_eq!(status("102", "text/plain;charset=\"UTF-8\"", "hello"), 480);
    assert_eq!(status("102", "text/plain", &"x".repeat(5_000)), 413);
}

#[test]
fn a_message_the_app_server_keeps_is_accepted_without_a_telephone() {
    let mut office = Office::new();
    office.switch.handle_link_up(office.now);
    let alice = office.phone("alice-phone");
    office.at(alice, |phone| write(phone, "102", "hello"));
    assert_eq!(office.phones[alice].statuses(), [401], "it waits for the app server");
    let message = shown(&office).pop().expect("the app server is told");
    assert_eq!((message.from.user, message.to, message.text.as_str()), (Some(ALICE), BOB, "hello"));
    office.command(Command::MessageTaken { message: message.id, taken: true });
    assert_eq!(office.phones[alice].statuses(), [401, 202]);
    assert_eq!(delivered(&office), [(message.id, false)], "bob has no telephone");
}

#[test]
fn a_kept_message_that_a_telephone_takes_is_told_as_delivered() {
    let mut office = Office::new();
    office.switch.handle_link_up(office.now);
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.at(alice, |phone| write(phone, "102", "hello"));
    let message = shown(&office).pop().expect("the app server is told");
    assert_eq!(office.phones[alice].statuses(), [401, 200], "bob's telephone was first");
    assert_eq!(delivered(&office), [(message.id, true)]);
    office.command(Command::MessageTaken { message: message.id, taken: true });
    assert_eq!(office.phones[alice].statuses(), [401, 200], "one answer");
    // The app server is first: its word is enough for the sender, the telephone's is told later.
    office.phones[bob].off = true;
    office.at(alice, |phone| write(phone, "102", "hello"));
    let message = shown(&office).pop().expect("the app server is told");
    office.command(Command::MessageTaken { message: message.id, taken: true });
    assert_eq!(office.phones[alice].statuses().last(), Some(&202));
    office.advance(Duration::from_secs(40));
    assert_eq!(delivered(&office).last(), Some(&(message.id, false)));
}

#[test]
fn an_app_server_that_fails_or_is_silent_or_gone_loses_nothing_silently() {
    let mut office = Office::new();
    office.switch.handle_link_up(office.now);
    let alice = office.phone("alice-phone");
    office.at(alice, |phone| write(phone, "102", "hello"));
    let message = shown(&office).pop().expect("the app server is told");
    office.command(Command::MessageTaken { message: message.id, taken: false });
    assert_eq!(office.phones[alice].statuses(), [401, 480]);
    office.at(alice, |phone| write(phone, "102", "hello"));
    office.advance(Duration::from_secs(26));
    assert_eq!(office.phones[alice].statuses().last(), Some(&480));
    office.switch.handle_link_down();
    let told = shown(&office).len();
    office.at(alice, |phone| write(phone, "102", "hello"));
    assert_eq!(office.phones[alice].statuses().last(), Some(&480), "at once");
    assert_eq!(shown(&office).len(), told);
}

#[test]
fn a_browser_writes_to_every_phone_of_bob() {
    let mut office = Office::new();
    let (one, other) = (office.phone("bob-phone"), office.phone("bob-phone"));
    office.phones[one].answers = 486;
    let (id, result) = from_browser(&mut office, ALICE, BOB, "hello");
    assert_eq!(result, CommandResult::Done);
    for phone in [one, other] {
        let message = office.phones[phone].last_request(&Method::Message).expect("it came");
        let from = message.headers.from().expect("From");
        assert_eq!(from.display.as_deref(), Some("Alice"), "the directory says who writes");
    }
    assert_eq!(delivered(&office), [(id, true)]);
}

#[test]
fn a_browser_is_told_that_no_phone_took_it() {
    let mut office = Office::new();
    let (id, _) = from_browser(&mut office, ALICE, BOB, "hello");
    assert_eq!(delivered(&office), [(id, false)], "bob has no telephone");
    let bob = office.phone("bob-phone");
    office.phones[bob].off = true;
    let (id, _) = from_browser(&mut office, ALICE, BOB, "hello");
    office.advance(Duration::from_secs(40));
    assert_eq!(delivered(&office).last(), Some(&(id, false)));
    assert_eq!(delivered(&office).len(), 2, "told once");
}

#[test]
fn a_long_message_comes_over_udp_in_parts_and_in_order() {
    let mut office = Office::new();
    let bob = office.phone("bob-phone");
    let text = "Звоните, как только сможете. ".repeat(60);
    let (id, _) = from_browser(&mut office, ALICE, BOB, text.trim());
    let parts = requests(&office.phones[bob]);
    assert!(parts.len() > 2, "{}", parts.len());
    let mut whole = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let head = format!("({}/{}) ", number + 1, parts.len());
        let said = part.strip_prefix(&head).unwrap_or_else(|| panic!("{head} {part}"));
        assert!(part.len() < 1_300 && said.starts_with(char::is_alphabetic), "cut between words: {said}");
        whole.push(said.trim_end());
    }
    assert_eq!(whole.join(" "), text.trim());
    assert_eq!(delivered(&office), [(id, true)], "told once, after the last");
}

#[test]
fn a_phone_that_refuses_a_part_has_not_taken_the_message() {
    let mut office = Office::new();
    let bob = office.phone("bob-phone");
    office.phones[bob].answers = 486;
    let (id, _) = from_browser(&mut office, ALICE, BOB, &"x".repeat(4_000));
    assert_eq!(requests(&office.phones[bob]).len(), 1, "the others are not sent");
    assert_eq!(delivered(&office), [(id, false)]);
}

#[test]
fn a_flood_of_messages_of_one_sender_is_bounded() {
    let mut office = Office::new();
    let alice = office.phone("alice-phone");
    let bob = office.phone("bob-phone");
    office.phones[bob].off = true;
    for _ in 0..40 {
        office.at(alice, |phone| write(phone, "102", "hello"));
    }
    let statuses = office.phones[alice].statuses();
    assert_eq!(statuses.iter().filter(|status| **status == 503).count(), 8);
    assert!(office.phones[alice].last_response().headers.contains(&HeaderName::RetryAfter));
}
