//! The four transactions against the timer table of RFC 3261 and RFC 6026, over both kinds of transport.

mod support;

use std::time::{Duration, Instant};

use ringdown_sip::{
    message::{Request, Response},
    transaction::{
        ClientInviteTransaction, ClientNonInviteTransaction, ClientOutput, ServerInviteTransaction,
        ServerNonInviteTransaction, ServerOutput,
    },
};
use support::{ms, request};

fn invite() -> Request {
    request(
        "INVITE sip:bob@h SIP/2.0\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\nFrom: <sip:alice@h>;tag=a\n\
         To: <sip:bob@h>\nCall-ID: 1\nCSeq: 7 INVITE\nRoute: <sip:p;lr>\n\n",
    )
}

fn response(status: u16) -> Response {
    Response::to_request(&invite(), status).with_to_tag("b")
}

#[expect(clippy::disallowed_methods, reason = "simulated time needs an origin")]
fn start() -> Instant {
    Instant::now()
}

/// Runs a machine to its end: when it transmitted and when it was over, in milliseconds.
macro_rules! run {
    ($machine:expr, $start:expr, $transmit:pat) => {{
        let mut sent = Vec::new();
        let mut last = Duration::ZERO;
        loop {
            while let Some(output) = $machine.poll_output() {
                if matches!(output, $transmit) {
                    sent.push(last.as_millis() as u64);
                }
            }
            match $machine.next_timeout() {
                Some(at) => {
                    last = at - $start;
                    $machine.handle_timeout(at);
                }
                None => break,
            }
        }
        (sent, last.as_millis() as u64)
    }};
}

#[test]
fn timers_a_and_b_of_an_unanswered_invite() {
    let t = start();
    let mut machine = ClientInviteTransaction::new(t, invite(), false);
    let (sent, over) = run!(machine, t, ClientOutput::Transmit(_));
    assert_eq!(sent, [0, 500, 1500, 3500, 7500, 15_500, 31_500]);
    assert_eq!(over, 32_000);
    assert!(machine.is_terminated());
    let mut machine = ClientInviteTransaction::new(t, invite(), true);
    assert_eq!(run!(machine, t, ClientOutput::Transmit(_)), (vec![0], 32_000));
}

#[test]
fn timer_d_waits_for_repeated_refusals_and_acknowledges_each() {
    let t = start();
    for (reliable, over) in [(false, 32_000), (true, 0)] {
        let mut machine = ClientInviteTransaction::new(t, invite(), reliable);
        machine.handle_response(t, response(486));
        machine.handle_response(t, response(486));
        let mut outputs: Vec<_> = std::iter::from_fn(|| machine.poll_output()).collect();
        let acks = outputs.split_off(1);
        let Some(ClientOutput::Transmit(ack)) = acks.first() else { panic!("{acks:?}") };
        let ack = String::from_utf8_lossy(ack).into_owned();
        for part in [
            "ACK sip:bob@h SIP/2.0",
            "branch=z9hG4bK1",
            "To: <sip:bob@h>;tag=b",
            "CSeq: 7 ACK",
            "Route: <sip:p;lr>",
        ] {
            assert!(ack.contains(part), "{part} in {ack}");
        }
        let repeated = acks.iter().filter(|output| matches!(output, ClientOutput::Transmit(_))).count();
        assert_eq!(repeated, if reliable { 1 } else { 2 });
        assert_eq!(run!(machine, t, ClientOutput::Transmit(_)).1, over);
    }
}

#[test]
fn timer_m_passes_every_2xx_on() {
    let t = start();
    for reliable in [false, true] {
        let mut machine = ClientInviteTransaction::new(t, invite(), reliable);
        machine.handle_response(t, response(180));
        machine.handle_response(t, response(200));
        machine.handle_response(t, response(200));
        machine.handle_response(t, response(486));
        let outputs: Vec<_> = std::iter::from_fn(|| machine.poll_output()).collect();
        assert_eq!(outputs.len(), 4, "the INVITE, 180, 200 and 200");
        assert_eq!(run!(machine, t, ClientOutput::Transmit(_)), (vec![], 32_000));
    }
}

#[test]
fn timers_e_f_and_k() {
    let t = start();
    let bytes = invite().encode();
    let mut machine = ClientNonInviteTransaction::new(t, bytes.clone(), false);
    let (sent, over) = run!(machine, t, ClientOutput::Transmit(_));
    assert_eq!(sent, [0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    assert_eq!(over, 32_000);
    // In Proceeding the request is repeated every T2.
    let mut machine = ClientNonInviteTransaction::new(t, bytes.clone(), false);
    machine.handle_response(t, response(100));
    let (sent, _) = run!(machine, t, ClientOutput::Transmit(_));
    assert_eq!(sent, [0, 500, 4500, 8500, 12_500, 16_500, 20_500, 24_500, 28_500]);
    let mut machine = ClientNonInviteTransaction::new(t, bytes.clone(), true);
    assert_eq!(run!(machine, t, ClientOutput::Transmit(_)), (vec![0], 32_000));
    for (reliable, over) in [(false, 5000), (true, 0)] {
        let mut machine = ClientNonInviteTransaction::new(t, bytes.clone(), reliable);
        machine.handle_response(t, response(200));
        assert_eq!(run!(machine, t, ClientOutput::Transmit(_)).1, over);
    }
}

#[test]
fn timers_g_h_and_i() {
    let t = start();
    for (reliable, expected) in [
        (false, vec![0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]),
        (true, vec![0]),
    ] {
        let mut machine = ServerInviteTransaction::new(t, &invite(), reliable);
        machine.send_response(t, &response(486));
        assert_eq!(run!(machine, t, ServerOutput::Transmit(_)), (expected, 32_000));
    }
    for (reliable, over) in [(false, 5000), (true, 0)] {
        let mut machine = ServerInviteTransaction::new(t, &invite(), reliable);
        machine.send_response(t, &response(486));
        machine.handle_ack(t, invite());
        assert_eq!(run!(machine, t, ServerOutput::Transmit(_)), (vec![0], over));
    }
}

#[test]
fn timer_l_absorbs_invites_and_lets_the_user_repeat_its_2xx() {
    let t = start();
    for reliable in [false, true] {
        let mut machine = ServerInviteTransaction::new(t, &invite(), reliable);
        machine.send_response(t, &response(200));
        machine.handle_retransmission();
        machine.send_response(t, &response(200));
        machine.send_response(t, &response(486));
        machine.handle_ack(t, invite());
        let outputs: Vec<_> = std::iter::from_fn(|| machine.poll_output()).collect();
        assert!(
            matches!(
                outputs[..],
                [ServerOutput::Transmit(_), ServerOutput::Transmit(_), ServerOutput::Acknowledged(_)]
            ),
            "{outputs:?}"
        );
        assert_eq!(run!(machine, t, ServerOutput::Transmit(_)).1, 32_000);
    }
}

#[test]
fn a_retransmitted_invite_gets_the_latest_response_again() {
    let t = start();
    let mut machine = ServerInviteTransaction::new(t, &invite(), false);
    machine.handle_retransmission();
    assert_eq!(machine.poll_output(), None, "the user has said nothing yet");
    machine.handle_timeout(t + ms(200));
    machine.handle_retransmission();
    machine.send_response(t, &response(180));
    machine.handle_retransmission();
    machine.send_response(t, &response(486));
    machine.handle_retransmission();
    let lines: Vec<String> = std::iter::from_fn(|| machine.poll_output())
        .map(|output| match output {
            ServerOutput::Transmit(bytes) => String::from_utf8_lossy(&bytes[8..11]).into_owned(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(lines, ["100", "100", "180", "180", "486", "486"]);
}

#[test]
fn timer_j_absorbs_repeated_requests() {
    let t = start();
    for (reliable, over) in [(false, 32_000), (true, 0)] {
        let mut machine = ServerNonInviteTransaction::new(reliable);
        machine.handle_retransmission();
        machine.send_response(t, &response(200));
        machine.send_response(t, &response(500));
        machine.handle_retransmission();
        let (sent, ended) = run!(machine, t, ServerOutput::Transmit(_));
        assert_eq!((sent.len(), ended), (if reliable { 1 } else { 2 }, over));
    }
}
