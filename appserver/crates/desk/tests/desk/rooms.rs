//! Conference rooms: their members see them, nobody else does, and the softswitch is told who asks.

use ringdown_control::{Command, CommandResult, Event, InvitationInfo, Party, RoomInfo, RoomMemberInfo};
use ringdown_protocol::{
    Method, RoomGainParams, RoomInviteParams, RoomLockParams, RoomMuteParams, RoomUninviteParams,
};
use ringdown_types::{CallId, EndReason, LegId, Pii, RoomId, UserId};

use crate::world::{ALICE, BOB, LINK, World, answered, leg};

const ROOM: RoomId = RoomId::from_u128(60);

fn member(leg: u128, user: UserId) -> RoomMemberInfo {
    RoomMemberInfo {
        leg: LegId::from_u128(leg),
        call: CallId::from_u128(leg),
        party: Party { user: Some(user), number: Pii("101".to_owned()), name: Pii(String::new()) },
        is_moderator: user == ALICE,
        is_muted: false,
        is_silenced: false,
        gain: 0,
        since: 1_700_000_000_000,
    }
}

fn room(members: Vec<RoomMemberInfo>) -> Event {
    Event::RoomChanged {
        room: RoomInfo {
            room: ROOM,
            number: Pii("600".to_owned()),
            is_locked: false,
            members,
            invited: Vec::new(),
        },
    }
}

#[test]
fn who_is_in_a_room_sees_it_and_who_left_sees_the_last_of_it() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let (alice, bob) = (world.hello(ALICE), world.hello(BOB));
    world.event(room(vec![member(1, ALICE)]));
    assert!(world.pushes(bob.conn, "room").is_empty(), "bob is not in it");
    world.event(room(vec![member(1, ALICE), member(2, BOB)]));
    world.event(Event::RoomTalking { room: ROOM, leg: LegId::from_u128(1), is_talking: true });
    assert_eq!(world.pushes(bob.conn, "room.talking").len(), 1);
    let (conn, resumed) = world.resume(&bob, 0);
    assert_eq!(
        resumed.expect("a state")["state"]["rooms"][0]["members"][1]["party"]["userId"],
        BOB.to_string()
    );
    world.event(room(vec![member(1, ALICE)]));
    let (_, told) = world.pushes(conn, "room").pop().expect("the room without him");
    assert_eq!(told["room"]["members"].as_array().map(Vec::len), Some(1));
    let before = world.pushes(conn, "room").len();
    world.event(room(Vec::new()));
    assert_eq!(world.pushes(conn, "room").len(), before, "he left before");
    assert_eq!(
        world.pushes(alice.conn, "room").last().expect("its end").1["room"]["members"],
        serde_json::json!([])
    );
}

#[test]
fn only_members_ask_anything_of_a_room_and_the_softswitch_hears_who() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let (alice, bob) = (world.hello(ALICE), world.hello(BOB));
    world.event(room(vec![member(1, ALICE)]));
    let mute = || {
        let params =
            RoomMuteParams { room: ROOM.to_string(), member: LegId::from_u128(1).to_string(), muted: true };
        Method::RoomMute(params)
    };
    world.request(bob.conn, 2, mute());
    assert_eq!(world.result(bob.conn, 2).expect_err("he is not in it")["name"], "no-such-call");
    world.request(alice.conn, 2, mute());
    let (_, _, command) = world.commands.last().expect("a command").clone();
    assert_eq!(command, Command::RoomMute { room: ROOM, leg: LegId::from_u128(1), muted: true, by: ALICE });
    let (room, member) = (ROOM.to_string(), LegId::from_u128(1).to_string());
    world.request(alice.conn, 4, Method::RoomGain(RoomGainParams { room, member, decibels: -6 }));
    let (_, _, command) = world.commands.last().expect("a command").clone();
    assert_eq!(command, Command::RoomGain { room: ROOM, leg: LegId::from_u128(1), decibels: -6, by: ALICE });
    let lock = RoomLockParams { room: ROOM.to_string(), locked: true };
    world.request(alice.conn, 3, Method::RoomLock(lock));
    let (_, _, command) = world.commands.last().expect("a command").clone();
    assert_eq!(command, Command::RoomLock { room: ROOM, locked: true, by: ALICE });
}

#[test]
fn a_softswitch_that_names_no_room_has_none() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let alice = world.hello(ALICE);
    world.event(room(vec![member(1, ALICE)]));
    world.lose_node(LINK);
    world.connect_node(LINK, 1);
    assert_eq!(
        world.pushes(alice.conn, "room").last().expect("its end").1["room"]["members"],
        serde_json::json!([])
    );
}

fn carol_is_invited(is_ringing: bool) -> InvitationInfo {
    InvitationInfo {
        call: CallId::from_u128(9),
        party: Party { user: None, number: Pii("103".to_owned()), name: Pii(String::new()) },
        by: ALICE,
        is_ringing,
        since: 1_700_000_000_000,
    }
}

#[test]
fn an_invitation_is_asked_for_by_a_call_shown_to_the_room_and_told_of_when_it_fails() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let (alice, bob) = (world.hello(ALICE), world.hello(BOB));
    let rings = leg(1, ALICE, &alice);
    world.ring(rings.clone());
    world.event(Event::LegChanged { leg: answered(rings) });
    world.know_all_calls();
    let call = LegId::from_u128(1).to_string();
    let invite = RoomInviteParams { call: call.clone(), to: " 103 ".to_owned() };
    world.request(bob.conn, 2, Method::RoomInvite(invite.clone()));
    assert_eq!(world.result(bob.conn, 2).expect_err("it is alice's call")["name"], "no-such-call");
    world.request(alice.conn, 2, Method::RoomInvite(invite));
    let (_, id, command) = world.commands.last().expect("a command").clone();
    assert_eq!(command, Command::Invite { leg: LegId::from_u128(1), to: "103".to_owned() });
    world.reply(id, CommandResult::Invited { room: ROOM, invitation: CallId::from_u128(9) });
    let result = world.result(alice.conn, 2).expect("carol is called");
    assert_eq!(result["room"], ROOM.to_string());

    let room = |invited: Vec<InvitationInfo>| RoomInfo {
        room: ROOM,
        number: Pii("600".to_owned()),
        is_locked: false,
        members: vec![member(1, ALICE), member(2, BOB)],
        invited,
    };
    world.event(Event::RoomChanged { room: room(vec![carol_is_invited(true)]) });
    let (_, told) = world.pushes(bob.conn, "room").pop().expect("the room");
    assert_eq!(told["room"]["invited"][0]["party"]["number"], "103");
    assert_eq!(told["room"]["invited"][0]["isRinging"], true);
    let uninvite = |invitation: &serde_json::Value| RoomUninviteParams {
        room: ROOM.to_string(),
        invitation: invitation.as_str().unwrap_or_default().to_owned(),
    };
    world.request(alice.conn, 3, Method::RoomUninvite(uninvite(&result["invitation"])));
    let (_, _, command) = world.commands.last().expect("a command").clone();
    assert_eq!(command, Command::Uninvite { room: ROOM, invitation: CallId::from_u128(9), by: ALICE });
    world.event(Event::RoomChanged { room: room(Vec::new()) });
    let invitation = carol_is_invited(true);
    world.event(Event::InvitationEnded { room: ROOM, invitation, reason: EndReason::Declined });
    for conn in [alice.conn, bob.conn] {
        let (_, told) = world.pushes(conn, "room.invitation").pop().expect("why she does not come");
        assert_eq!((&told["reason"], &told["invitation"]["id"]), (&"declined".into(), &result["invitation"]));
    }
}
