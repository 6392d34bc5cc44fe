//! The program as it ships, with browsers that share none of its code: the webrtc project's full PeerConnection. Its
//! own ICE agent, session descriptions, DTLS, SRTP and RTCP talk to the switch over real sockets on this host; the
//! test is the app server at the other end of the control link.
//!
//! Each browser says a tone of its own, so that what is heard tells who was heard.

mod browser;
mod desk;
mod program;

use std::time::Duration;

use ringdown_control::{Command, EndedBy, LegPlace, LegState};
use ringdown_types::{CodecId, EndReason};

use browser::Browser;
use desk::{ALICE, BOB, Desk, Link};
use program::Program;

const ALICE_HZ: f64 = 440.0;
const BOB_HZ: f64 = 950.0;

/// Waits longer than this are failures: the machine may be busy with other tests.
const PATIENCE: Duration = Duration::from_secs(15);

/// How much is listened to before a tone is believed: enough for a purity to mean something.
const A_WHILE: Duration = Duration::from_millis(800);

/// A softswitch that is ready, linked to the test.
struct Stand {
    desk: Desk,
    link: Link,
    program: Program,
}

impl Stand {
    async fn start() -> Self {
        let mut desk = Desk::open().await;
        let mut program = Program::start(&desk.url(), desk::TOKEN);
        // Nobody admitted the program yet, so it has no directory.
        assert_eq!(program.readiness().await, 503, "not ready without a directory");
        let link = desk.admit().await;
        program.ready().await;
        Self { desk, link, program }
    }

    /// Alice calls Bob and Bob answers; each is heard.
    async fn talk(&mut self, alice_codec: CodecId, bob_codec: CodecId) -> Talk {
        let mut alice = Browser::open("alice", alice_codec, ALICE_HZ).await;
        let mut bob = Browser::open("bob", bob_codec, BOB_HZ).await;
        let (call, alice_leg) = self.link.start_call(ALICE, "102", alice.offer().await).await;
        let (bob_leg, offer) = self.link.offered(BOB).await;
        let answer = bob.answer(offer).await;
        self.link.done(Command::Answer { leg: bob_leg, description: Some(answer) }).await;
        alice.take_answer(self.link.answer_for(alice_leg).await).await;
        alice.connected().await;
        bob.connected().await;
        alice.hears_only(BOB_HZ, A_WHILE).await;
        bob.hears_only(ALICE_HZ, A_WHILE).await;
        Talk { alice, bob, alice_leg, bob_leg, call }
    }
}

struct Talk {
    alice: Browser,
    bob: Browser,
    alice_leg: ringdown_types::LegId,
    bob_leg: ringdown_types::LegId,
    call: ringdown_types::CallId,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_echo_test_returns_the_callers_own_voice() {
    let mut stand = Stand::start().await;
    let mut alice = Browser::open("alice", CodecId::Opus, ALICE_HZ).await;
    let (call, leg) = stand.link.start_call(ALICE, "*43", alice.offer().await).await;
    let answer = stand.link.answer_for(leg).await;
    alice.take_answer_and_candidates(answer, &stand.link.candidates_for(leg).await).await;
    alice.connected().await;
    alice.hears_only(ALICE_HZ, A_WHILE).await;

    stand.link.done(Command::Hangup { leg }).await;
    let (ended, reason, by) = stand.link.leg_ended(leg).await;
    assert_eq!((ended.call, ended.state), (call, LegState::Ended));
    assert_eq!((reason, by), (EndReason::Hangup, EndedBy::Local));
    let record = stand.link.call_ended(call).await;
    assert_eq!((record.reason, record.by), (EndReason::Hangup, EndedBy::Local));
    assert_eq!((record.caller.user, record.callee.user), (Some(ALICE.user), None));
    assert!(record.answered_at.is_some(), "the switch answers by itself");
    alice.close().await;
    stand.program.stop().await;
}

/// The switch relays: it answers Alice's offer, and Bob answers the one it makes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_browsers_hear_each_other_and_nobody_else() {
    let mut stand = Stand::start().await;
    let talk = stand.talk(CodecId::Opus, CodecId::Opus).await;

    stand.link.done(Command::Hangup { leg: talk.bob_leg }).await;
    let (_, reason, by) = stand.link.leg_ended(talk.bob_leg).await;
    assert_eq!((reason, by), (EndReason::Hangup, EndedBy::Local));
    let (_, reason, by) = stand.link.leg_ended(talk.alice_leg).await;
    assert_eq!((reason, by), (EndReason::Hangup, EndedBy::Remote));
    let record = stand.link.call_ended(talk.call).await;
    assert_eq!((record.caller.user, record.callee.user), (Some(ALICE.user), Some(BOB.user)));
    assert_eq!(record.by, EndedBy::Remote, "the called side hung up");
    talk.alice.close().await;
    talk.bob.close().await;
    stand.program.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn browsers_without_a_codec_in_common_hear_each_other() {
    let mut stand = Stand::start().await;
    let talk = stand.talk(CodecId::Opus, CodecId::Pcmu).await;
    stand.link.done(Command::Hangup { leg: talk.alice_leg }).await;
    let record = stand.link.call_ended(talk.call).await;
    assert_eq!((record.reason, record.by), (EndReason::Hangup, EndedBy::Local));
    talk.alice.close().await;
    talk.bob.close().await;
    stand.program.stop().await;
}

/// A call is the switch's: the app server may go and come, and is told everything again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_outlives_the_control_link() {
    let mut stand = Stand::start().await;
    let talk = stand.talk(CodecId::Pcmu, CodecId::Pcmu).await;

    let said_before = talk.bob.mark();
    stand.link.cut().await;
    // Nobody is connected meanwhile: the desk admits only when told to.
    talk.bob.hears_only(ALICE_HZ, A_WHILE).await;
    talk.alice.hears_only(BOB_HZ, A_WHILE).await;
    stand.link = stand.desk.admit().await;
    talk.bob.hears_only(ALICE_HZ, A_WHILE).await;
    talk.bob.heard_without_a_break_since(said_before, ALICE_HZ);

    let [call] = &stand.link.snapshot().calls[..] else { panic!("the snapshot holds one call") };
    assert_eq!(call.call, talk.call);
    assert_eq!(call.legs.len(), 2);
    for (leg, person) in [(talk.alice_leg, ALICE), (talk.bob_leg, BOB)] {
        let leg = call.legs.iter().find(|known| known.leg == leg).expect("the snapshot holds both legs");
        assert_eq!(leg.state, LegState::Active);
        assert_eq!(leg.place, LegPlace::Browser { session: person.session });
    }

    stand.link.done(Command::Hangup { leg: talk.alice_leg }).await;
    let record = stand.link.call_ended(talk.call).await;
    assert_eq!(record.reason, EndReason::Hangup);

    // The app server may have lost the record with the link, so it comes again; the call does not.
    stand.link.cut().await;
    stand.link = stand.desk.admit().await;
    assert!(stand.link.snapshot().calls.is_empty(), "the call is over");
    assert_eq!(stand.link.call_ended(talk.call).await, record);
    talk.alice.close().await;
    talk.bob.close().await;
    stand.program.stop().await;
}
