//! A number that rings several people.

mod support;

use std::time::Duration;

use ringdown_control::{Event, LegRole, RingGroup, SettingChange};
use ringdown_sip::message::Method;
use ringdown_types::{EndReason, ForwardKind, GroupId, LegId, RingStrategy, SessionId, UserId};
use support::{browser::ALL, phone::Manner, *};

const SALES: GroupId = GroupId::from_u128(200);
const TURN: Duration = Duration::from_secs(10);

/// 200 rings bob and carol this way; alice calls from a tab.
fn group(strategy: RingStrategy, overflow: Option<&str>) -> (Office, SessionId) {
    let mut office = Office::new();
    office.new_directory(|directory| {
        directory.groups = vec![RingGroup {
            id: SALES,
            extension: "200".parse().expect("an extension"),
            name: "Sales".to_owned(),
            members: vec![BOB, CAROL],
            strategy,
            ring_seconds: 10,
            overflow: overflow.and_then(|to| to.parse().ok()),
        }];
    });
    let alice = office.tab(ALICE);
    (office, alice)
}

fn is_rung(office: &Office, user: UserId) -> bool {
    !office.legs_of(user).is_empty()
}

/// Alice calls the group, whoever rings first answers, alice hangs up; who it was.
fn answered_by(office: &mut Office, alice: SessionId, tabs: [(UserId, SessionId); 2]) -> UserId {
    let a = office.browser_calls(alice, ALICE, "200", &ALL);
    let (user, tab) = tabs.into_iter().find(|(user, _)| is_rung(office, *user)).expect("somebody rings");
    office.browser_answers(tab);
    office.advance(Duration::from_secs(5));
    office.hang_up(a);
    user
}

#[test]
fn all_ring_and_the_first_to_answer_has_it() {
    let (mut office, alice) = group(RingStrategy::All, None);
    let (bob, carol) = (office.tab(BOB), office.phone("carol-phone"));
    let a = office.browser_calls(alice, ALICE, "200", &ALL);
    assert!(is_rung(&office, BOB) && is_rung(&office, CAROL));
    let b = office.browser_answers(bob);
    office.assert_talking(a, b);
    let cancel = office.phones[carol].last_request(&Method::Cancel).expect("carol's phone stops");
    assert_eq!(cancel.headers.reasons()[0].cause, Some(200), "answered elsewhere");
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn the_caller_sees_the_group_until_somebody_answers() {
    let (mut office, alice) = group(RingStrategy::All, None);
    let bob = office.tab(BOB);
    let a = office.browser_calls(alice, ALICE, "200", &ALL);
    let peer = office.legs[&a].peer.clone();
    assert_eq!((peer.user, peer.number.as_str(), peer.name.as_str()), (None, "200", "Sales"));
    office.browser_answers(bob);
    assert_eq!(office.legs[&a].peer.user, Some(BOB));
    office.hang_up(a);
    assert_eq!(office.records()[0].callee.user, Some(BOB));
    office.assert_quiet();
}

#[test]
fn in_order_rings_one_after_the_other() {
    let (mut office, alice) = group(RingStrategy::InOrder, None);
    let (_, carol) = (office.tab(BOB), office.tab(CAROL));
    let a = office.browser_calls(alice, ALICE, "200", &ALL);
    assert!(is_rung(&office, BOB) && !is_rung(&office, CAROL));
    office.advance(TURN);
    assert!(!is_rung(&office, BOB) && is_rung(&office, CAROL));
    let c = office.browser_answers(carol);
    office.assert_talking(a, c);
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_member_who_declines_hands_on_at_once() {
    let (mut office, alice) = group(RingStrategy::InOrder, None);
    let bob = office.phone("bob-phone");
    office.tab(CAROL);
    let a = office.browser_calls(alice, ALICE, "200", &ALL);
    office.at(bob, |phone| phone.refuse(603));
    assert!(is_rung(&office, CAROL));
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn round_robin_goes_on_where_it_stopped() {
    let (mut office, alice) = group(RingStrategy::RoundRobin, None);
    let tabs = [(BOB, office.tab(BOB)), (CAROL, office.tab(CAROL))];
    let order: Vec<_> = (0..4).map(|_| answered_by(&mut office, alice, tabs)).collect();
    assert_eq!(order, [BOB, CAROL, BOB, CAROL]);
    office.assert_quiet();
}

#[test]
fn the_longest_idle_rings_first() {
    let (mut office, alice) = group(RingStrategy::LongestIdle, None);
    let (bob, carol) = (office.tab(BOB), office.tab(CAROL));
    let tabs = [(BOB, bob), (CAROL, carol)];
    assert_eq!(answered_by(&mut office, alice, tabs), BOB);
    assert_eq!(answered_by(&mut office, alice, tabs), CAROL);
    // Bob talks again, outside the group: carol has been idle for longer then.
    let direct = office.browser_calls(alice, ALICE, "102", &ALL);
    office.browser_answers(bob);
    office.advance(Duration::from_secs(1));
    office.hang_up(direct);
    assert_eq!(answered_by(&mut office, alice, tabs), CAROL);
    office.assert_quiet();
}

#[test]
fn a_member_on_the_phone_is_passed_over_unless_they_want_a_second_call() {
    let (mut office, alice) = group(RingStrategy::InOrder, None);
    let (bob, _, phone) = (office.tab(BOB), office.tab(CAROL), office.phone("alice-phone"));
    office.change(BOB, SettingChange::CallWaiting { on: false });
    office.at(phone, |phone| phone.dial("102"));
    office.browser_answers(bob);
    let a = office.browser_calls(alice, ALICE, "200", &ALL);
    assert_eq!(office.legs_of(BOB).len(), 1, "bob is left alone");
    assert!(is_rung(&office, CAROL));
    office.hang_up(a);
    office.change(BOB, SettingChange::CallWaiting { on: true });
    let a = office.browser_calls(alice, ALICE, "200", &ALL);
    assert_eq!(office.legs_of(BOB).len(), 2, "bob hears a second call");
    office.hang_up(a);
    office.at(phone, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn who_is_quiet_or_elsewhere_is_passed_over() {
    for change in [
        SettingChange::DoNotDisturb { on: true },
        SettingChange::Forward { when: ForwardKind::Always, to: "101".parse().ok() },
    ] {
        let (mut office, alice) = group(RingStrategy::All, None);
        office.tab(BOB);
        office.tab(CAROL);
        office.change(BOB, change);
        let a = office.browser_calls(alice, ALICE, "200", &ALL);
        assert!(!is_rung(&office, BOB) && is_rung(&office, CAROL));
        office.hang_up(a);
        office.assert_quiet();
    }
}

#[test]
fn a_members_own_forward_does_not_take_the_groups_call() {
    let (mut office, alice) = group(RingStrategy::InOrder, None);
    let bob = office.phone("bob-phone");
    office.tab(CAROL);
    office.phones[bob].manner = Manner::Busy;
    office.forward(BOB, ForwardKind::Busy, "101");
    let a = office.browser_calls(alice, ALICE, "200", &ALL);
    assert!(is_rung(&office, CAROL));
    assert_eq!(office.legs_of(ALICE), [a], "alice is not called back");
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_group_nobody_answers_flows_over() {
    let (mut office, alice) = group(RingStrategy::All, Some("*43"));
    office.tab(BOB);
    let a = office.browser_calls(alice, ALICE, "200", &ALL);
    office.advance(TURN);
    assert!(!is_rung(&office, BOB));
    assert!(office.legs[&a].answered_at.is_some(), "the echo test took it");
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_group_that_flows_over_into_itself_ends() {
    let (mut office, alice) = group(RingStrategy::All, Some("200"));
    let a = office.browser_calls(alice, ALICE, "200", &ALL);
    assert_eq!(office.ended[&a].0, EndReason::Offline);
    office.assert_quiet();
}

#[test]
fn a_group_without_overflow_says_nobody_answered() {
    let (mut office, _) = group(RingStrategy::InOrder, None);
    let alice = office.phone("alice-phone");
    office.tab(BOB);
    office.tab(CAROL);
    office.at(alice, |phone| phone.dial("200"));
    office.advance(2 * TURN);
    assert_eq!(office.phones[alice].statuses(), [401, 180, 480]);
    office.assert_quiet();
}

#[test]
fn a_group_can_be_forwarded_to() {
    let (mut office, alice) = group(RingStrategy::All, None);
    let dave = office.tab(CAROL);
    office.forward(BOB, ForwardKind::Always, "200");
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    let c = office.browser_answers(dave);
    office.assert_talking(a, c);
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_member_who_calls_the_own_group_rings_the_others() {
    let (mut office, _) = group(RingStrategy::All, None);
    let (bob, carol) = (office.tab(BOB), office.tab(CAROL));
    let b = office.browser_calls(bob, BOB, "200", &ALL);
    assert_eq!(office.legs_of(BOB), [b], "the calling tab is not rung");
    assert_eq!(office.browsers[&carol].offered.len(), 1);
    let callees: Vec<LegId> =
        office.legs.values().filter(|leg| leg.role == LegRole::Callee).map(|leg| leg.leg).collect();
    assert_eq!(callees.len(), 1);
    office.hang_up(b);
    assert!(office.events.iter().any(|event| matches!(event, Event::CallEnded { .. })));
    office.assert_quiet();
}
