//! Who is reached by what.

use ringdown_dialplan::{
    CompileError, Decision, Dialplan, DialplanSource, FeatureEntry, Refusal, Service, Step, UserEntry,
};
use ringdown_types::{EndReason, Extension, UserId};

const ALICE: UserId = UserId::from_u128(1);
const BOB: UserId = UserId::from_u128(2);
const DAVE: UserId = UserId::from_u128(4);
const STRANGER: UserId = UserId::from_u128(99);

fn extension(text: &str) -> Extension {
    text.parse().expect("the test writes extensions")
}

fn user(id: UserId, number: &str, enabled: bool) -> UserEntry {
    UserEntry { id, extension: extension(number), enabled }
}

fn source() -> DialplanSource {
    DialplanSource {
        users: vec![user(ALICE, "101", true), user(BOB, "Front-Desk", true), user(DAVE, "104", false)],
        features: vec![FeatureEntry { code: extension("*43"), service: Service::EchoTest }],
    }
}

fn plan() -> Dialplan {
    Dialplan::compile(&source()).expect("the source is sound")
}

#[test]
fn a_user_is_reached_however_the_number_is_written() {
    for dialled in ["101", "1 01", "(1)-01"] {
        assert_eq!(plan().route(dialled, BOB), Decision::User { user: ALICE }, "{dialled}");
    }
    assert_eq!(plan().route("frontdesk", ALICE), Decision::User { user: BOB });
}

#[test]
fn one_can_call_oneself() {
    assert_eq!(plan().route("101", ALICE), Decision::User { user: ALICE });
}

#[test]
fn the_echo_test_is_a_feature_code() {
    assert_eq!(plan().route("*43", ALICE), Decision::EchoTest);
}

#[test]
fn nothing_external_is_reachable() {
    for dialled in ["00442079460000", "+442079460000", "112", "*44"] {
        assert_eq!(plan().route(dialled, ALICE), Decision::Unknown, "{dialled}");
    }
    assert_eq!(Decision::Unknown.end_reason(), Some(EndReason::NotFound));
}

#[test]
fn a_disabled_account_neither_calls_nor_is_called() {
    assert_eq!(plan().route("101", DAVE), Decision::Refused { refusal: Refusal::CallerDisabled });
    let refused = plan().route("104", ALICE);
    assert_eq!(refused, Decision::Refused { refusal: Refusal::CalleeDisabled });
    assert_eq!(refused.end_reason(), Some(EndReason::NotFound));
}

#[test]
fn a_caller_outside_the_directory_reaches_nobody() {
    assert_eq!(plan().route("101", STRANGER), Decision::Refused { refusal: Refusal::CallerUnknown });
    assert_eq!(
        Dialplan::default().route("101", ALICE),
        Decision::Refused { refusal: Refusal::CallerUnknown }
    );
}

#[test]
fn a_contradicting_source_is_refused() {
    let mut twice = source();
    twice.users.push(user(STRANGER, "10.1", true));
    assert_eq!(
        Dialplan::compile(&twice).err(),
        Some(CompileError::DuplicateExtension { extension: extension("10.1") })
    );
    let mut same_id = source();
    same_id.users.push(user(ALICE, "109", true));
    assert_eq!(Dialplan::compile(&same_id).err(), Some(CompileError::DuplicateUser(ALICE)));
    let mut dashes = source();
    dashes.users.push(user(STRANGER, "--", true));
    assert!(matches!(Dialplan::compile(&dashes), Err(CompileError::Undiallable { .. })));
}

#[test]
fn an_explanation_ends_where_the_route_ends() {
    let plan = plan();
    for dialled in ["101", "*43", "104", "999", "a@b", "1-0-1"] {
        for caller in [ALICE, DAVE, STRANGER] {
            assert_eq!(plan.explain(dialled, caller).decision, plan.route(dialled, caller), "{dialled}");
        }
    }
    let steps = plan.explain("1 01", BOB).steps;
    assert_eq!(steps.last(), Some(&Step::UserExtension { user: ALICE }));
    assert_eq!(steps[1].to_string(), "without separators this is \"101\"");
    assert!(!format!("{steps:?}").contains("\"101\""), "logs show no number");
}
