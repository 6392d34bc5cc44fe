//! A room is mixed where its members are: alone on one worker while it is small, joined by one link for each other worker
//! when it grows.

mod support;

use std::collections::BTreeMap;

use ringdown_control::{CommandResult, ConferenceRoom, Event, RoomInfo};
use ringdown_media::api::{MediaEvent, MediaFailure};
use ringdown_types::{LegId, MixId, RoomId, UserId};
use support::{browser::ALL, *};

const ROOM: RoomId = RoomId::from_u128(600);
const MEMBERS: u128 = 200;

fn office() -> Office {
    let mut office = Office::with_two_workers();
    office.new_directory(|directory| {
        directory.rooms = vec![ConferenceRoom {
            id: ROOM,
            extension: "600".parse().expect("an extension"),
            name: "All hands".to_owned(),
            pin: None,
            moderator_pin: None,
            moderators: vec![ALICE],
            max_members: 200,
        }];
        let alice = directory.users[0].clone();
        for number in 0..MEMBERS {
            let mut user = alice.clone();
            user.id = guest(number);
            user.extension = format!("{}", 2000 + number).parse().expect("an extension");
            directory.users.push(user);
        }
    });
    office
}

fn guest(number: u128) -> UserId {
    UserId::from_u128(10_000 + number)
}

/// So many guests call the room, one after the other.
fn fill(office: &mut Office, members: u128) -> Vec<LegId> {
    let calls = |number| {
        let tab = office.tab(guest(number));
        office.browser_calls(tab, guest(number), "600", &ALL)
    };
    (0..members).map(calls).collect()
}

fn mix_of(office: &Office, leg: LegId) -> Option<MixId> {
    match office.hears(leg) {
        Hears::Mix(mix) => Some(mix),
        _ => None,
    }
}

/// How many members each worker mixes, and the legs in the mix that are no members: the ends of links.
fn parts(office: &Office, members: &[LegId]) -> (BTreeMap<usize, usize>, Vec<LegId>) {
    let mut by_worker = BTreeMap::new();
    let mixed = office.media.iter().filter(|(_, leg)| matches!(leg.hears, Hears::Mix(_)));
    let (members, links): (Vec<_>, Vec<_>) = mixed.partition(|(id, _)| members.contains(id));
    for (_, leg) in members {
        *by_worker.entry(leg.worker).or_insert(0) += 1;
    }
    (by_worker, links.into_iter().map(|(id, _)| *id).collect())
}

fn room(office: &Office) -> RoomInfo {
    office.switch.snapshot().rooms.into_iter().next().expect("somebody is in it")
}

#[test]
fn the_second_caller_begins_where_the_first_is() {
    let mut office = office();
    let alice = office.phone("alice-phone");
    office.at(alice, |phone| phone.dial("600"));
    let alices = office.leg_of(ALICE);
    let carol = office.phone("carol-phone");
    office.at(carol, |phone| phone.dial("600"));
    let members = [alices, office.leg_of(CAROL)];
    let (by_worker, links) = parts(&office, &members);
    assert_eq!(by_worker.into_values().collect::<Vec<_>>(), [2]);
    assert_eq!(links, []);
    for phone in [alice, carol] {
        office.at(phone, |phone| phone.hang_up());
    }
    office.assert_quiet();
}

#[test]
fn two_hundred_members_of_two_workers_are_joined_by_one_link() {
    let mut office = office();
    let members = fill(&mut office, MEMBERS);
    let mixes: Vec<_> = members.iter().filter_map(|leg| mix_of(&office, *leg)).collect();
    assert_eq!(mixes, [mixes[0]; MEMBERS as usize], "everybody is in the same mix");
    let (by_worker, links) = parts(&office, &members);
    assert!(by_worker.len() == 2 && by_worker.values().all(|&members| members > 80), "{by_worker:?}");
    assert_eq!(links.len(), 2, "one link, with an end on each worker");
    assert_eq!(office.media.len(), members.len() + 2);
    assert_eq!(room(&office).members.len(), members.len());
    // Each worker tells of its own members' talk.
    for leg in [members[0], members[199]] {
        office.media_event(MediaEvent::Talking { leg, is_talking: true });
        assert_eq!(office.events.last(), Some(&Event::RoomTalking { room: ROOM, leg, is_talking: true }));
    }

    // The first worker's members leave: what is left needs no link.
    let home = office.media[&members[0]].worker;
    let (here, there): (Vec<LegId>, Vec<LegId>) =
        members.iter().partition(|leg| office.media[*leg].worker == home);
    for leg in here {
        office.hang_up(leg);
    }
    let (by_worker, links) = parts(&office, &members);
    assert_eq!((by_worker.len(), links), (1, vec![]));
    for leg in there {
        office.hang_up(leg);
    }
    office.assert_quiet();
}

#[test]
fn a_lost_worker_takes_only_its_own_members() {
    for lost in [0, 1] {
        let mut office = office();
        let members = fill(&mut office, 40);
        let survivors: Vec<LegId> =
            members.iter().filter(|leg| office.media[*leg].worker != lost).copied().collect();
        office.lose_worker(lost);
        assert_eq!(room(&office).members.len(), survivors.len());
        let (by_worker, links) = parts(&office, &survivors);
        assert_eq!(by_worker.get(&(1 - lost)), Some(&survivors.len()));
        assert_eq!(links, []);
        for leg in survivors {
            office.hang_up(leg);
        }
        office.assert_quiet();
    }
}

#[test]
fn members_behind_a_link_that_cannot_work_are_told() {
    let mut office = office();
    let members = fill(&mut office, 40);
    let (_, links) = parts(&office, &members);
    let home = office.media[&members[0]].worker;
    office.media_event(MediaEvent::LegFailed { leg: links[0], failure: MediaFailure::SocketUnavailable });
    let left = room(&office).members;
    assert!(!left.is_empty() && left.len() < members.len());
    assert!(left.iter().all(|member| office.media[&member.leg].worker == home));
    let hang_up = |leg| ringdown_control::Command::Hangup { leg };
    for member in left {
        assert_eq!(office.command(hang_up(member.leg)), CommandResult::Done);
    }
    office.assert_quiet();
}
