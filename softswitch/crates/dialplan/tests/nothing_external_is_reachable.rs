//! Whatever is dialled, it stays in the house.

mod support;

use proptest::prelude::*;
use ringdown_dialplan::Decision;
use ringdown_types::{DialKey, EndReason};

use support::{ALICE, NIGHT, NOON, plan, route};

#[test]
fn numbers_of_the_world_are_unknown() {
    for dialled in ["00442079460000", "+442079460000", "112", "911", "*44", "0101", "9101", "*67101"] {
        assert_eq!(route(dialled), Decision::Unknown, "{dialled}");
    }
    assert_eq!(Decision::Unknown.end_reason(), Some(EndReason::NotFound));
}

#[test]
fn addresses_are_malformed() {
    for dialled in
        ["101@elsewhere.example", "sip:101", "tel:+4420", "101;phone-context=x", "101%40x", "101,,9"]
    {
        assert!(matches!(route(dialled), Decision::Refused { .. }), "{dialled}");
    }
}

proptest! {
    /// A decision that makes a call is about somebody or something of the directory, for its types hold ids of the
    /// directory alone; and only texts whose key begins with a number or code of the directory get one.
    #[test]
    fn any_text_ends_inside(text in prop_oneof!["\\PC{0,60}", "[*#0-9+]{1,20}", "\\*[0-9]{1,3}[*0-9]{0,8}"]) {
        let plan = plan();
        let inside = ["101", "frontdesk", "104", "200", "300", "400", "410", "70", "71", "720", "*"];
        for at in [NOON, NIGHT] {
            let decision = plan.route(&text, ALICE, at);
            if decision.end_reason().is_none() {
                let key = DialKey::parse(&text).expect("it was understood");
                prop_assert!(inside.iter().any(|number| key.as_str().starts_with(number)), "{}", key.as_str());
            }
            let onward = plan.redirect(&text, at);
            prop_assert!(onward.takes_calls() || onward.end_reason().is_some());
            prop_assert_eq!(plan.explain(&text, ALICE, at).decision, decision);
        }
    }
}
