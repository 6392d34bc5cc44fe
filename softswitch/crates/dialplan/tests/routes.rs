//! Who is reached by what.

mod support;

use ringdown_control::{Feature, SettingChange};
use ringdown_dialplan::{Decision, Dialplan, PickUpTarget, Refusal, Step};
use ringdown_types::{EndReason, ForwardKind, ParkSlot};

use support::{ALICE, BOB, DAVE, DOOR, NIGHT, NOON, SALES, STRANGER, directory, extension, plan, route};

#[test]
fn a_user_is_reached_however_the_number_is_written() {
    for dialled in ["101", "1 01", "(1)-01"] {
        assert_eq!(plan().route(dialled, BOB, NOON), Decision::User { user: ALICE }, "{dialled}");
    }
    assert_eq!(route("frontdesk"), Decision::User { user: BOB });
}

#[test]
fn one_can_call_oneself() {
    assert_eq!(route("101"), Decision::User { user: ALICE });
}

#[test]
fn every_kind_of_number_is_reached() {
    assert_eq!(route("200"), Decision::Group { group: SALES });
    assert_eq!(route("300"), Decision::Room { room: DOOR });
    assert_eq!(route("701"), Decision::ParkSlot { slot: ParkSlot(701) });
    assert_eq!(route("720"), Decision::ParkSlot { slot: ParkSlot(720) });
    assert_eq!(route("721"), Decision::Unknown);
}

#[test]
fn every_feature_code_reaches_its_feature() {
    let setting = |change| Decision::Setting { change };
    let forward = |when, to: Option<&str>| setting(SettingChange::Forward { when, to: to.map(extension) });
    for (dialled, decision) in [
        ("*43", Decision::EchoTest),
        ("*8", Decision::PickUp { target: PickUpTarget::OwnGroup }),
        ("*8101", Decision::PickUp { target: PickUpTarget::User { user: ALICE } }),
        ("*8200", Decision::PickUp { target: PickUpTarget::Group { group: SALES } }),
        ("*80101", Decision::Intercom { user: ALICE }),
        ("*68", Decision::Park),
        ("*97", Decision::VoicemailMain),
        ("*98101", Decision::VoicemailBox { user: ALICE }),
        ("*78", setting(SettingChange::DoNotDisturb { on: true })),
        ("*79", setting(SettingChange::DoNotDisturb { on: false })),
        ("*72200", forward(ForwardKind::Always, Some("200"))),
        ("*73", forward(ForwardKind::Always, None)),
        ("*90200", forward(ForwardKind::Busy, Some("200"))),
        ("*91", forward(ForwardKind::Busy, None)),
        ("*92*98101", forward(ForwardKind::NoAnswer, Some("*98101"))),
        ("*93", forward(ForwardKind::NoAnswer, None)),
        ("*94frontdesk", forward(ForwardKind::Offline, Some("frontdesk"))),
        ("*95", forward(ForwardKind::Offline, None)),
        ("*66", Decision::Completion { on: true }),
        ("*86", Decision::Completion { on: false }),
    ] {
        assert_eq!(route(dialled), decision, "{dialled}");
    }
}

#[test]
fn the_longest_code_counts() {
    // `*80` and `*8` both begin `*80101`; picking up `0101` is not what is meant.
    assert_eq!(route("*80101"), Decision::Intercom { user: ALICE });
    assert_eq!(route("*80"), Decision::Refused { refusal: Refusal::NumberMissing });
}

#[test]
fn a_code_that_is_off_reaches_nothing() {
    let mut directory = directory();
    directory.feature_codes.set(Feature::EchoTest, None);
    directory.feature_codes.set(Feature::Park, Some(extension("#1")));
    let plan = Dialplan::compile(&directory).expect("it is sound");
    assert_eq!(plan.route("*43", ALICE, NOON), Decision::Unknown);
    assert_eq!(plan.route("*68", ALICE, NOON), Decision::Unknown);
    assert_eq!(plan.route("#1", ALICE, NOON), Decision::Park);
}

#[test]
fn a_code_about_nobody_is_refused() {
    assert_eq!(route("*8999"), Decision::Unknown);
    assert_eq!(route("*80200"), Decision::Unknown, "a group has no loudspeaker");
    assert_eq!(route("*98frontdesk"), Decision::Refused { refusal: Refusal::NoVoicemail });
    assert_eq!(route("*98104"), Decision::Refused { refusal: Refusal::CalleeDisabled });
}

#[test]
fn a_forward_to_nowhere_or_to_oneself_is_refused() {
    for (dialled, refusal) in [
        ("*72999", Refusal::NotADestination),
        ("*72*78", Refusal::NotADestination),
        ("*72701", Refusal::NotADestination),
        ("*72*72*72102", Refusal::NotADestination),
        ("*72101", Refusal::ToOneself),
        ("*72104", Refusal::CalleeDisabled),
        ("*72", Refusal::NumberMissing),
    ] {
        assert_eq!(route(dialled), Decision::Refused { refusal }, "{dialled}");
    }
}

#[test]
fn a_redirected_call_changes_no_settings_of_anybody() {
    let plan = plan();
    for dialled in ["*78", "*72102", "*97", "*8", "*68", "701", "*80101", "*66"] {
        let refused = Decision::Refused { refusal: Refusal::NotADestination };
        assert_eq!(plan.redirect(dialled, NOON), refused, "{dialled}");
    }
    assert_eq!(plan.redirect("*98101", NOON), Decision::VoicemailBox { user: ALICE });
    assert_eq!(plan.redirect("400", NIGHT), Decision::VoicemailBox { user: ALICE });
}

#[test]
fn a_disabled_account_neither_calls_nor_is_called() {
    assert_eq!(plan().route("101", DAVE, NOON), Decision::Refused { refusal: Refusal::CallerDisabled });
    let refused = route("104");
    assert_eq!(refused, Decision::Refused { refusal: Refusal::CalleeDisabled });
    assert_eq!(refused.end_reason(), Some(EndReason::NotFound));
}

#[test]
fn a_caller_outside_the_directory_reaches_nobody() {
    let refused = Decision::Refused { refusal: Refusal::CallerUnknown };
    assert_eq!(plan().route("101", STRANGER, NOON), refused);
    assert_eq!(Dialplan::default().route("101", ALICE, NOON), refused);
}

#[test]
fn an_explanation_ends_where_the_route_ends() {
    let plan = plan();
    for dialled in ["101", "*43", "104", "999", "a@b", "1-0-1", "400", "410", "*80102", "*72103", "*8"] {
        for caller in [ALICE, DAVE, STRANGER] {
            let explained = plan.explain(dialled, caller, NOON);
            assert_eq!(explained.decision, plan.route(dialled, caller, NOON), "{dialled}");
        }
    }
}

#[test]
fn an_explanation_reads_like_sentences_and_logs_like_nothing() {
    let explained = plan().explain("4 00", ALICE, NIGHT);
    let sentences: Vec<_> = explained.steps.iter().map(Step::to_string).collect();
    assert_eq!(
        sentences,
        [
            "the caller is in the directory and enabled",
            "without separators this is \"400\"",
            "this does not begin with a feature code",
            "the time condition \"Office\" is closed at 2026-01-15T03:00:00 and leads to \"*98101\"",
            "without separators this is \"*98101\"",
            "this is the code to leave a message, followed by \"101\"",
            "this is the extension of user 00000000000000000000000000000001",
        ]
    );
    assert!(!format!("{:?}", explained.steps).contains("101\""), "logs show no number");
}
