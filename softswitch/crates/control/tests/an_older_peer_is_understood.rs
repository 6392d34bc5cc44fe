//! What an app server of the version before sends is understood, and switches nothing on.

use ringdown_control::{AppFrame, DirectorySnapshot, Feature, Snapshot, decode};

#[test]
fn its_directory_has_no_group_and_one_code() {
    let frame = r#"{"type":"directory","directory":{"version":7,"realm":"example.test","devices":[],
        "featureCodes":{"echoTest":"*43"},
        "users":[{"id":"00000000000000000000000000000065","extension":"701","name":"Alice","enabled":true,
                  "ringSeconds":30,"maxCalls":2}]}}"#;
    let Ok(AppFrame::Directory { directory }) = decode(frame) else { panic!("it is a directory") };
    let DirectorySnapshot { groups, rooms, parking, time_conditions, feature_codes, users, .. } = directory;
    assert!(groups.is_empty() && rooms.is_empty() && time_conditions.is_empty());
    assert_eq!(parking, None, "somebody has the number of a slot");
    assert_eq!(feature_codes.iter().map(|(feature, _)| feature).collect::<Vec<_>>(), [Feature::EchoTest]);
    assert!(!users[0].settings.do_not_disturb && users[0].settings.call_waiting);
}

#[test]
fn a_snapshot_without_settings_has_none() {
    let snapshot: Snapshot =
        serde_json::from_str(r#"{"calls":[],"registrations":[]}"#).expect("it is understood");
    assert!(snapshot.settings.is_empty());
}
