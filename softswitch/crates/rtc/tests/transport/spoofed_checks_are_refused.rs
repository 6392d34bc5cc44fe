//! Checks that are forged, in the wrong role or not understood change nothing (RFC 8489 §9.1.3, RFC 8445
//! §7.3).

use std::{net::SocketAddr, time::Duration};

use ringdown_rtc::{DtlsRole, Rejected, stun_local_ufrag};

use crate::{
    checks::{Answer, Check, read_answer},
    world::{CM80, World},
};

const ATTACKER: &str = "203.0.113.66:666";

fn refused(world: &mut World, check: &Check) -> Option<Answer> {
    let attacker: SocketAddr = ATTACKER.parse().unwrap();
    let (selected, password) = (world.transport.selected(), world.transport.local().password().to_owned());
    let bytes = check.encode();
    let (result, answers) = world.probe(attacker, bytes.clone());
    assert!(matches!(result, Err(Rejected::Refused | Rejected::Malformed)), "{result:?}");
    assert_eq!(world.transport.selected(), selected);
    assert!(world.events.is_empty(), "{:?}", world.events);
    assert!(
        answers.len() <= 1 && answers.iter().all(|answer| answer.len() <= bytes.len()),
        "no amplification"
    );
    let rtp = crate::browser::rtp_packet(1, 1);
    assert_eq!(world.deliver(attacker, rtp), Err(Rejected::Source), "the source learned nothing");
    answers.first().map(|answer| read_answer(answer, &password))
}

fn error(code: u16) -> Option<Answer> {
    Some(Answer::Error { code, unknown: Vec::new() })
}

#[test]
fn each_fault_has_its_answer() {
    let mut world = World::connected(1);
    let good = Check::new(world.transport.local(), &world.browser.ice, [3; 12]).nominating();
    let wrong_password = Check { password: Some("x".repeat(32)), ..good.clone() };
    assert_eq!(refused(&mut world, &wrong_password), error(401));
    let no_integrity = Check { password: None, ..good.clone() };
    assert_eq!(refused(&mut world, &no_integrity), error(400));
    let no_username = Check { username: None, ..good.clone() };
    assert_eq!(refused(&mut world, &no_username), error(400));
    for username in ["", ":", "abcd:efgh", &world.browser.ice.ufrag().repeat(2)] {
        let check = Check { username: Some(username.to_owned()), ..good.clone() };
        assert_eq!(refused(&mut world, &check), error(401), "{username:?}");
    }
    let other_peer = format!("{}:other", world.transport.local().ufrag());
    let check = Check { username: Some(other_peer), ..good.clone() };
    assert_eq!(refused(&mut world, &check), error(401));
    let no_fingerprint = Check { fingerprint: false, ..good.clone() };
    assert_eq!(refused(&mut world, &no_fingerprint), None);
    let controlled = Check { controlled: true, ..good.clone() };
    assert_eq!(refused(&mut world, &controlled), error(487));
    let unknown = Check { unknown_attribute: Some(0x7abc), ..good.clone() };
    assert_eq!(refused(&mut world, &unknown), Some(Answer::Error { code: 420, unknown: vec![0x7a, 0xbc] }));
    let optional = Check { unknown_attribute: Some(0xc057), nominate: false, ..good };
    assert!(world.probe(ATTACKER.parse().unwrap(), optional.encode()).0.is_ok());
    assert!(world.media_flows());
}

/// The role conflict that made `rtc-ice` 0.21.1 switch roles on one spoofed message.
#[test]
fn an_unauthenticated_role_conflict_changes_nothing() {
    let mut world = World::connected(2);
    let good = Check::new(world.transport.local(), &world.browser.ice, [3; 12]);
    let spoofed = Check { controlled: true, username: None, password: None, ..good };
    assert_eq!(refused(&mut world, &spoofed), error(400));
    world.run(Duration::from_secs(20));
    assert!(world.media_flows());
}

#[test]
fn the_password_is_needed_before_the_answer_is_known_as_well() {
    let mut world = World::new(DtlsRole::Client, &[CM80], 3);
    let good = Check::new(world.transport.local(), &world.browser.ice, [3; 12]);
    let forged = Check { password: Some("x".repeat(32)), ..good.clone() };
    assert_eq!(refused(&mut world, &forged), error(401));
    let (result, answers) = world.probe(world.browser.address, good.encode());
    assert!(result.is_ok());
    assert!(matches!(
        read_answer(&answers[0], world.transport.local().password()),
        Answer::Success { transaction: [3, ..], .. }
    ));
}

#[test]
fn the_ufrag_leads_to_the_leg() {
    let world = World::connected(4);
    let check = Check::new(world.transport.local(), &world.browser.ice, [3; 12]);
    assert_eq!(stun_local_ufrag(&check.encode()), Some(world.transport.local().ufrag()));
    let nameless = Check { username: None, ..check };
    assert_eq!(stun_local_ufrag(&nameless.encode()), None);
}
