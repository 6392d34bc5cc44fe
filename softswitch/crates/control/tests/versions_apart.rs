//! What a newer peer says is survived, and what an older one says is complete.

use ringdown_control::{AppFrame, Command, Event, NodeFrame, Snapshot, decode};
use ringdown_types::EndReason;

#[test]
fn an_event_of_tomorrow_is_passed_over() {
    let frame = r#"{"type":"event","seq":7,"event":{"event":"levitated","metres":3}}"#;
    assert_eq!(
        decode::<NodeFrame>(frame).expect("a frame"),
        NodeFrame::Event { seq: 7, event: Event::Unknown }
    );
}

#[test]
fn a_command_of_tomorrow_keeps_its_id_so_that_it_can_be_refused() {
    let frame = r#"{"type":"command","id":5,"command":{"do":"levitate","leg":"x"}}"#;
    let AppFrame::Command { id, command } = decode(frame).expect("a frame") else { panic!("a command") };
    assert_eq!((id.0, command), (5, Command::Unknown));
}

#[test]
fn a_reason_of_tomorrow_is_a_failure() {
    assert_eq!(serde_json::from_str::<EndReason>("\"levitated\"").expect("a reason"), EndReason::Failed);
    for reason in EndReason::ALL {
        let text = serde_json::to_string(&reason).expect("text");
        assert_eq!(text, format!("\"{}\"", reason.name()));
        assert_eq!(serde_json::from_str::<EndReason>(&text).expect("a reason"), reason);
    }
}

#[test]
fn what_yesterday_did_not_say_has_its_default() {
    let snapshot: Snapshot = serde_json::from_str(r#"{"calls":[],"registrations":[]}"#).expect("a snapshot");
    assert!(snapshot.parked.is_empty());
    let leg = "0".repeat(32);
    let offered = format!(
        r#"{{"event":"offered","leg":"{leg}","session":"{leg}","offer":{{"type":"offer","sdp":""}},"variables":{{}}}}"#
    );
    let offered: Event = serde_json::from_str(&offered).expect("an event");
    assert!(matches!(offered, Event::Offered { auto_answer: false, .. }));
    let park: Command =
        serde_json::from_str(&format!(r#"{{"do":"park","leg":"{leg}"}}"#)).expect("a command");
    assert!(matches!(park, Command::Park { slot: None, .. }));
}
