//! The very first start.

use std::os::unix::fs::PermissionsExt as _;

use crate::harness::Running;

#[tokio::test]
async fn passwords_are_made_once_and_readable_by_the_owner_alone() {
    let mut running = Running::start().await;
    let state = running.config.state.clone();
    let table = std::fs::read_to_string(state.join("first-run.txt")).expect("the table is kept");
    let users: Vec<_> = table.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(users, ["alice", "bob", "carol", "admin"]);
    for entry in std::fs::read_dir(&state).expect("the folder is there") {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("metadata").permissions().mode();
        assert_eq!(mode & 0o077, 0, "others can read {:?}", entry.file_name());
    }
    running.restart().await;
    assert_eq!(std::fs::read_to_string(state.join("first-run.txt")).expect("kept"), table);
    running.login("alice").await;
}

#[tokio::test]
async fn without_demo_there_is_an_admin_only_and_a_token_for_the_softswitch() {
    let running = Running::start_with(|config| {
        config.demo = false;
        config.node_token = None;
    })
    .await;
    let admin = running.token("admin").await;
    let users = running.get("/api/v1/users", Some(&admin)).await.expect(200);
    assert_eq!(users.as_array().expect("users").len(), 1);
    let token = std::fs::read_to_string(running.config.state.join("node-token")).expect("a token is made");
    assert!(token.trim().len() >= 32);
}
