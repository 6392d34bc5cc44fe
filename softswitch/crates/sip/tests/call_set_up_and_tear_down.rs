//! Alice calls bob, they talk, one hangs up; over UDP and TCP, either side.

mod support;

use ringdown_sip::{
    endpoint::Transport,
    invite::{EndCause, UsageEvent},
};
use support::{Net, ms};

#[test]
fn a_call_is_set_up_and_ended_by_either_side() {
    for transport in Transport::ALL {
        for hangs_up in ["alice", "bob"] {
            let mut net = Net::new(transport, &["alice", "bob"]);
            let (alice, bob) = net.established();
            assert_eq!(net.alice().story(), ["ringing", "answered"]);
            assert_eq!(net.bob().story(), ["invited", "confirmed"]);
            let leg = if hangs_up == "alice" { alice } else { bob };
            net.with(hangs_up, |agent, now| agent.bye(now, leg, None)).expect("answered");
            net.run(ms(100));
            for name in ["alice", "bob"] {
                let expected = if name == hangs_up { EndCause::LocalBye } else { EndCause::RemoteBye };
                let ended = net.party(name).events.last().map(|(_, event)| event.clone());
                assert!(
                    matches!(ended, Some(UsageEvent::Ended { cause, .. }) if cause == expected),
                    "{ended:?}"
                );
            }
            assert_eq!(net.labels(), ["INVITE", "180 INVITE", "200 INVITE", "ACK", "BYE", "200 BYE"]);
            net.assert_clean();
        }
    }
}

#[test]
fn offer_and_answer_arrive_as_sent() {
    let mut net = Net::udp();
    net.established();
    let offer = net.bob().events.iter().find_map(|(_, event)| match event {
        UsageEvent::Invited(invitation) => invitation.offer.clone(),
        _ => None,
    });
    assert_eq!(offer.as_deref(), Some(&b"offer"[..]));
    let answer = net.alice().events.iter().find_map(|(_, event)| match event {
        UsageEvent::Answered { sdp } => sdp.clone(),
        _ => None,
    });
    assert_eq!(answer.as_deref(), Some(&b"answer"[..]));
}

#[test]
fn silence_of_the_user_is_covered_by_a_100() {
    let mut net = Net::udp();
    net.call("alice", "bob");
    net.run(ms(1900));
    assert_eq!(net.times("100 INVITE"), [210]);
    assert_eq!(net.sent("INVITE"), 1, "the 100 ends the retransmissions");
}

#[test]
fn early_media_and_repeated_ringing() {
    let mut net = Net::udp();
    net.call("alice", "bob");
    net.run(ms(50));
    let bob = net.bob().leg();
    net.with("bob", |agent, now| agent.ring(now, bob, None)).expect("not answered yet");
    net.run(support::secs(125));
    assert_eq!(net.sent("180 INVITE"), 3, "once, and after each minute");
    net.with("bob", |agent, now| agent.progress(now, bob, "early".into())).expect("not answered yet");
    net.run(support::secs(160));
    assert_eq!(net.sent("183 INVITE"), 2, "acknowledged, and told again after two and a half minutes");
    assert_eq!(net.alice().story(), ["ringing", "ringing", "ringing", "progress"]);
}

#[test]
fn a_busy_and_a_declining_callee() {
    for (status, reason) in [(486, "Busy Here"), (603, "Decline"), (480, "Temporarily Unavailable")] {
        let mut net = Net::udp();
        net.call("alice", "bob");
        net.run(ms(50));
        let bob = net.bob().leg();
        net.with("bob", |agent, now| agent.reject(now, bob, status, None)).expect("not answered yet");
        net.run(ms(50));
        let failed = net.alice().events.last().map(|(_, event)| event.clone());
        let Some(UsageEvent::Failed { status: seen, reason: text, .. }) = failed else {
            panic!("{failed:?}")
        };
        assert_eq!((seen, text.as_str()), (status, reason));
        assert_eq!(net.sent("ACK"), 1);
        net.assert_clean();
    }
}
