//! The directory names a country: its tones are asked for once, and again only when it changes.

mod support;

use support::*;

#[test]
fn a_directory_with_the_same_country_changes_no_tones() {
    let mut office = Office::new();
    let mut snapshot = directory();
    for (version, country) in [(2, "de"), (3, "de"), (4, "gb"), (5, "international")] {
        snapshot.version = version;
        snapshot.tone_plan = country.parse().expect("a country with a plan");
        office.switch.apply_directory(office.now, snapshot.clone()).expect("it is sound");
        office.run();
    }
    let asked: Vec<_> = office.tone_plans.iter().map(|plan| plan.country()).collect();
    assert_eq!(asked, ["de", "gb", "international"]);
}
