//! A conference of phones and browsers: in by number, the menu, moderators over the control link, out again.

mod support;

use ringdown_control::{Command, CommandError, CommandResult, ConferenceRoom, Event, RoomInfo};
use ringdown_media::api::{MediaEvent, PlaySource};
use ringdown_types::{DtmfDigit, LegId, Pii, PromptId, RoomId};
use support::{browser::ALL, *};

const ROOM: RoomId = RoomId::from_u128(600);

fn office(pin: Option<&str>) -> Office {
    with_room(Office::new(), pin)
}

fn with_room(mut office: Office, pin: Option<&str>) -> Office {
    office.new_directory(|directory| {
        directory.rooms = vec![ConferenceRoom {
            id: ROOM,
            extension: "600".parse().expect("an extension"),
            name: "Stand-up".to_owned(),
            pin: pin.map(|pin| Pii(pin.to_owned())),
            moderator_pin: None,
            moderators: vec![ALICE],
            max_members: 10,
        }];
    });
    office
}

fn press(office: &mut Office, leg: LegId, keys: &str) {
    for key in keys.chars() {
        let digit = DtmfDigit::from_char(key).expect("a key");
        office.media_event(MediaEvent::Dtmf { leg, digit, duration_ms: 100 });
    }
}

fn said(office: &Office, leg: LegId) -> Option<PromptId> {
    match office.hears(leg) {
        Hears::Play(PlaySource::Prompt(prompt), _) => Some(prompt),
        _ => None,
    }
}

fn in_mix(office: &Office, leg: LegId) -> bool {
    matches!(office.hears(leg), Hears::Mix(_))
}

fn finish(office: &mut Office, leg: LegId) {
    let Hears::Play(_, token) = office.hears(leg) else { panic!("{:?}", office.hears(leg)) };
    office.media_event(MediaEvent::PlayFinished { leg, token });
}

fn room(office: &Office) -> RoomInfo {
    let told = office.events.iter().rev().find_map(|event| match event {
        Event::RoomChanged { room } => Some(room.clone()),
        _ => None,
    });
    let told = told.expect("the room was told of");
    let live = office.switch.snapshot().rooms;
    assert_eq!(live.first(), Some(&told).filter(|room| !room.members.is_empty()));
    told
}

#[test]
fn a_phone_and_two_browsers_meet() {
    let mut office = office(None);
    let (alice, carol) = (office.tab(ALICE), office.tab(CAROL));
    let bob = office.phone("bob-phone");
    let alices = office.browser_calls(alice, ALICE, "600", &ALL);
    assert_eq!(said(&office, alices), Some(PromptId::RoomAlone));
    office.at(bob, |phone| phone.dial("600"));
    let bobs = office.leg_of(BOB);
    let carols = office.browser_calls(carol, CAROL, "600", &ALL);
    for leg in [alices, bobs, carols] {
        assert!(in_mix(&office, leg), "{:?}", office.hears(leg));
    }
    let seen = room(&office);
    let names: Vec<&str> = seen.members.iter().map(|member| member.party.name.as_str()).collect();
    assert_eq!((names, seen.number.as_str()), (vec!["Alice", "Bob", "Carol"], "600"));
    office.media_event(MediaEvent::Talking { leg: bobs, is_talking: true });
    assert_eq!(office.events.last(), Some(&Event::RoomTalking { room: ROOM, leg: bobs, is_talking: true }));

    office.at(bob, |phone| phone.hang_up());
    office.hang_up(carols);
    assert_eq!(said(&office, alices), Some(PromptId::MusicOnHold));
    office.hang_up(alices);
    assert!(room(&office).members.is_empty());
    office.assert_quiet();
}

#[test]
fn a_pin_is_pressed_on_a_phone_and_on_a_screen() {
    let mut office = office(Some("4711"));
    let bob = office.phone("bob-phone");
    let carol = office.tab(CAROL);
    office.at(bob, |phone| phone.dial("600"));
    let bobs = office.leg_of(BOB);
    assert_eq!(said(&office, bobs), Some(PromptId::EnterPin));
    press(&mut office, bobs, "4711#");
    assert_eq!(room(&office).members.len(), 1);
    let carols = office.browser_calls(carol, CAROL, "600", &ALL);
    let digits = "4711#".chars().filter_map(DtmfDigit::from_char).collect();
    assert_eq!(office.command(Command::SendDtmf { leg: carols, digits }), CommandResult::Done);
    assert!(in_mix(&office, carols));
    office.hang_up(carols);
    // Hanging up at the door.
    let carols = office.browser_calls(carol, CAROL, "600", &ALL);
    press(&mut office, carols, "47");
    office.hang_up(carols);
    office.at(bob, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn moderators_command_over_the_control_link() {
    let mut office = office(None);
    let (alice, carol) = (office.tab(ALICE), office.tab(CAROL));
    let bob = office.phone("bob-phone");
    let alices = office.browser_calls(alice, ALICE, "600", &ALL);
    office.at(bob, |phone| phone.dial("600"));
    let bobs = office.leg_of(BOB);
    let lock = |by| Command::RoomLock { room: ROOM, locked: true, by };
    let refused = |result| match result {
        CommandResult::Refused { error, .. } => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(office.command(lock(BOB))), CommandError::NotAllowed);
    assert_eq!(office.command(lock(ALICE)), CommandResult::Done);
    let carols = office.browser_calls(carol, CAROL, "600", &ALL);
    assert_eq!(said(&office, carols), Some(PromptId::RoomLocked));
    finish(&mut office, carols);
    assert!(office.ended.contains_key(&carols));

    let mute = Command::RoomMute { room: ROOM, leg: bobs, muted: true, by: ALICE };
    assert_eq!(office.command(mute), CommandResult::Done);
    assert!(office.media[&bobs].muted && room(&office).members[1].is_muted);
    assert!(room(&office).members[1].is_silenced);
    let gain = |decibels| Command::RoomGain { room: ROOM, leg: bobs, decibels, by: ALICE };
    assert_eq!(office.command(gain(-6)), CommandResult::Done);
    assert_eq!((office.media[&bobs].gain, room(&office).members[1].gain), (-6, -6));
    assert_eq!(refused(office.command(gain(100))), CommandError::Invalid);
    let remove = || Command::RoomRemove { room: ROOM, leg: bobs, by: ALICE };
    assert_eq!(office.command(remove()), CommandResult::Done);
    assert_eq!(refused(office.command(remove())), CommandError::NoSuchLeg);
    finish(&mut office, bobs);
    assert!(office.phones[bob].call.is_none(), "bob's phone was hung up on");
    office.hang_up(alices);
    assert_eq!(refused(office.command(lock(ALICE))), CommandError::NoSuchRoom);
    office.assert_quiet();
}

#[test]
fn two_calls_of_a_browser_are_merged() {
    let mut office = office(None);
    let (alice, carol) = (office.tab(ALICE), office.tab(CAROL));
    let bob = office.phone("bob-phone");
    let first = office.browser_calls(alice, ALICE, "102", &ALL);
    office.at(bob, |phone| phone.answer());
    let bobs = office.leg_of(BOB);
    assert_eq!(office.command(Command::Hold { leg: first }), CommandResult::Done);
    let second = office.browser_calls(alice, ALICE, "103", &ALL);
    let carols = office.browser_answers(carol);
    office.assert_talking(second, carols);
    assert_eq!(office.command(Command::Merge { leg: first, other: second }), CommandResult::Done);
    for leg in [first, bobs, carols] {
        assert!(in_mix(&office, leg), "{:?}", office.hears(leg));
    }
    assert!(office.ended.contains_key(&second));
    assert!(room(&office).members[0].is_moderator);
    office.hang_up(first);
    assert!(in_mix(&office, bobs) && in_mix(&office, carols));
    office.hang_up(carols);
    office.at(bob, |phone| phone.hang_up());
    office.assert_quiet();
}

/// Alice talks with bob's phone and adds carol's browser in one step.
#[test]
fn two_who_talk_invite_a_third_into_a_room_of_their_own() {
    let mut office = Office::new();
    let (alice, carol) = (office.tab(ALICE), office.tab(CAROL));
    let bob = office.phone("bob-phone");
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.at(bob, |phone| phone.answer());
    let b = office.leg_of(BOB);
    office.assert_talking(a, b);
    let invite = Command::Invite { leg: a, to: "103".to_owned() };
    let CommandResult::Invited { room: made, invitation } = office.command(invite) else { panic!("invited") };
    let seen = room(&office);
    assert_eq!((seen.room, seen.members.len()), (made, 2));
    let [invited] = &seen.invited[..] else { panic!("carol is invited") };
    assert_eq!((invited.party.name.as_str(), invited.by, invited.is_ringing), ("Carol", ALICE, true));
    let (c, offer) = office.browsers[&carol].offered.last().cloned().expect("carol rings");
    let description = Some(support::browser::answer(&offer));
    assert_eq!(office.command(Command::Answer { leg: c, description }), CommandResult::Done);
    for leg in [a, b, c] {
        assert!(in_mix(&office, leg), "{:?}", office.hears(leg));
    }
    let seen = room(&office);
    assert_eq!((seen.members.len(), seen.invited.len()), (3, 0));
    let late = Command::Uninvite { room: made, invitation, by: ALICE };
    assert!(matches!(office.command(late), CommandResult::Refused { .. }), "she is in");
    for leg in [a, b, c] {
        office.hang_up(leg);
    }
    office.assert_quiet();
}

#[test]
fn who_is_invited_and_declines_is_told_of() {
    let mut office = office(None);
    let (alice, carol) = (office.tab(ALICE), office.tab(CAROL));
    let a = office.browser_calls(alice, ALICE, "600", &ALL);
    let invite = Command::Invite { leg: a, to: "103".to_owned() };
    let CommandResult::Invited { invitation, .. } = office.command(invite) else { panic!("invited") };
    let (c, _) = office.browsers[&carol].offered.last().cloned().expect("carol rings");
    let decline = Command::Decline { leg: c, reason: ringdown_types::EndReason::Declined };
    assert_eq!(office.command(decline), CommandResult::Done);
    let told = office.events.iter().rev().find_map(|event| match event {
        Event::InvitationEnded { room, invitation, reason } => Some((*room, invitation.call, *reason)),
        _ => None,
    });
    assert_eq!(told, Some((ROOM, invitation, ringdown_types::EndReason::Declined)));
    assert_eq!(room(&office).invited, []);
    office.hang_up(a);
    office.assert_quiet();
}
