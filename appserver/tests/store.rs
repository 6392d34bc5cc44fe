//! One suite for both databases: on SQLite always, on PostgreSQL where `RINGDOWN_TEST_POSTGRES_URL` names an empty
//! database this test may fill (its schemas `live` and `history` are dropped first).

use ringdown_appserver::{
    store::{
        Account, AccountChange, Device, Numbered as _, RefreshToken, Rotation, Store, StoreError,
        default_settings,
    },
    writers::HistoryItem,
};
use ringdown_control::{
    CallRecord, ConferenceRoom, EndedBy, Feature, LegFigures, LegRole, ParkingLot, Party, RingGroup,
    SettingChange, SettingChanged,
};
use ringdown_desk::{CallSide, PeopleChange, SavedStatement, SessionRecord};
use ringdown_protocol::{
    Activity, CallDirection, CallOutcome, Contact, ContactNumber, HistoryEntry, PeerInfo, Role,
};
use ringdown_types::{
    CallId, EndReason, GroupId, LegId, LegQuality, Pii, RingStrategy, SessionId, UserId, WayQuality,
};
use tempfile::TempDir;

#[path = "store/chat.rs"]
mod chat;
#[path = "store/chat_rights.rs"]
mod chat_rights;
#[path = "store/crm.rs"]
mod crm;

const REALM: &str = "ringdown.test";

#[tokio::test]
async fn sqlite_keeps_what_it_is_given() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    suite("", &folder).await;
    use std::os::unix::fs::PermissionsExt as _;
    for entry in std::fs::read_dir(folder.path()).expect("the folder is there") {
        let mode = entry.expect("an entry").metadata().expect("metadata").permissions().mode();
        assert_eq!(mode & 0o077, 0, "others can read the store");
    }
}

#[tokio::test]
async fn postgresql_keeps_what_it_is_given() {
    let Ok(url) = std::env::var("RINGDOWN_TEST_POSTGRES_URL") else {
        eprintln!("skipped: RINGDOWN_TEST_POSTGRES_URL is not set");
        return;
    };
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&url).await.expect("the database answers");
    for drop in ["DROP SCHEMA IF EXISTS live CASCADE", "DROP SCHEMA IF EXISTS history CASCADE"] {
        sqlx::query(drop).execute(&pool).await.expect("the schema goes");
    }
    pool.close().await;
    suite(&url, &tempfile::tempdir().expect("a temporary folder")).await;
}

async fn suite(url: &str, folder: &TempDir) {
    let store = Store::open(url, folder.path(), REALM).await.expect("a new store");
    assert!(store.is_healthy().await);
    accounts(&store).await;
    devices(&store).await;
    refresh_tokens(&store).await;
    sessions(&store).await;
    history(&store).await;
    call_sides(&store).await;
    people(&store).await;
    contacts(&store).await;
    chat::suite(&store).await;
    chat_rights::suite(&store).await;
    crm::suite(&store).await;
    numbers(&store).await;
    codes_and_lot(&store).await;
    settings(&store).await;
    store.close().await;

    let store = Store::open(url, folder.path(), REALM).await.expect("the same store");
    assert_eq!(store.accounts().await.expect("accounts").len(), 2, "it survives a restart");
    store.close().await;
    let other = Store::open(url, folder.path(), "other.test").await;
    assert!(matches!(other, Err(StoreError::OtherRealm { stored }) if stored == REALM));
}

fn account(id: u128, username: &str, extension: Option<&str>, role: Role) -> Account {
    Account {
        id: UserId::from_u128(id),
        username: Pii(username.to_owned()),
        name: Pii(format!("{username} O'Neil; DROP TABLE accounts; --")),
        extension: extension.map(|text| text.parse().expect("an extension")),
        department: Pii(String::new()),
        photo: None,
        role,
        password_hash: "hash".to_owned(),
        enabled: true,
        epoch: 1,
        ring_seconds: 30,
        max_calls: 4,
        created_at: 1_700_000_000_000,
    }
}

async fn accounts(store: &Store) {
    let (alice, admin) =
        (account(1, "alice", Some("101"), Role::User), account(2, "admin", None, Role::Admin));
    let version = store.directory_version().await.expect("a version");
    store.create_account(&admin).await.expect("admin is new");
    store.create_account(&alice).await.expect("alice is new");
    assert_eq!(store.directory_version().await.expect("a version"), version + 2);
    assert_eq!(store.account(alice.id).await.expect("a look-up"), Some(alice.clone()));
    assert_eq!(store.account_by_username("ALICE").await.expect("a look-up"), Some(alice.clone()));
    assert_eq!(store.account_by_username("' OR ''='").await.expect("a look-up"), None);

    for twin in [account(3, "alice", None, Role::User), account(4, "bob", Some("101"), Role::User)] {
        let refused = store.create_account(&twin).await;
        assert!(matches!(refused, Err(StoreError::Taken(_))), "{refused:?}");
    }
    assert_eq!(store.directory_version().await.expect("a version"), version + 2, "a refusal changes nothing");
    // Two accounts without a number do not clash.
    store.create_account(&account(5, "carol", None, Role::User)).await.expect("carol is new");

    let change = AccountChange { extension: Some(None), enabled: Some(false), ..AccountChange::default() };
    let changed = store.change_account(alice.id, change).await.expect("a change").expect("alice is there");
    assert_eq!((changed.extension.clone(), changed.enabled, changed.epoch), (None, false, 2));
    assert_eq!(store.account(alice.id).await.expect("a look-up"), Some(changed));
    let back = AccountChange {
        extension: Some(alice.extension.clone()),
        enabled: Some(true),
        ring_seconds: Some(60),
        ..AccountChange::default()
    };
    let changed = store.change_account(alice.id, back).await.expect("a change").expect("alice is there");
    assert_eq!((changed.epoch, changed.ring_seconds), (3, 60));
    assert_eq!(store.set_password(alice.id, "other").await.expect("a change"), Some(4));
    assert_eq!(store.set_password(UserId::from_u128(99), "x").await.expect("a change"), None);

    for change in [
        AccountChange { role: Some(Role::User), ..AccountChange::default() },
        AccountChange { enabled: Some(false), ..AccountChange::default() },
    ] {
        let refused = store.change_account(admin.id, change).await;
        assert!(matches!(refused, Err(StoreError::LastAdmin)), "{refused:?}");
    }
    assert!(matches!(store.delete_account(admin.id).await, Err(StoreError::LastAdmin)));
    assert!(store.account(admin.id).await.expect("a look-up").is_some());
    assert!(store.delete_account(UserId::from_u128(5)).await.expect("a deletion"));
    assert!(!store.delete_account(UserId::from_u128(5)).await.expect("a deletion"));
    store.raise_directory_version(1_000).await.expect("a raise");
    store.raise_directory_version(10).await.expect("a raise");
    assert_eq!(store.directory_version().await.expect("a version"), 1_001);
}

async fn devices(store: &Store) {
    let device = |username: &str| Device {
        username: username.to_owned(),
        user: UserId::from_u128(1),
        label: Pii("Desk".to_owned()),
        ha1_sha256: "a".repeat(64),
        ha1_md5: "b".repeat(32),
        created_at: 1,
    };
    store.create_device(&device("101")).await.expect("new");
    store.create_device(&device("101-2")).await.expect("new");
    assert!(matches!(store.create_device(&device("101")).await, Err(StoreError::Taken(_))));
    assert_eq!(store.devices_of(UserId::from_u128(1)).await.expect("devices").len(), 2);
    assert!(!store.delete_device(UserId::from_u128(2), "101").await.expect("not the admin's"));
    assert!(store.delete_device(UserId::from_u128(1), "101-2").await.expect("alice's"));
    assert_eq!(store.devices().await.expect("devices"), vec![device("101")]);
}

async fn numbers(store: &Store) {
    let group = |id: u128, extension: &str| RingGroup {
        id: GroupId::from_u128(id),
        extension: extension.parse().expect("an extension"),
        name: "Sales'; --".to_owned(),
        members: vec![UserId::from_u128(1)],
        strategy: RingStrategy::LongestIdle,
        ring_seconds: 20,
        overflow: "*98101".parse().ok(),
    };
    let version = store.directory_version().await.expect("a version");
    store.create_number(&group(1, "200")).await.expect("new");
    assert_eq!(store.directory_version().await.expect("a version"), version + 1);
    assert!(matches!(store.create_number(&group(2, "200")).await, Err(StoreError::Taken(_))));
    store.create_number(&group(2, "201")).await.expect("new");
    assert_eq!(store.numbers::<RingGroup>().await.expect("groups"), [group(1, "200"), group(2, "201")]);
    assert!(store.numbers::<ConferenceRoom>().await.expect("rooms").is_empty(), "a group is no room");
    assert!(store.replace_number(&group(1, "202")).await.expect("a change"));
    assert!(!store.replace_number(&group(9, "209")).await.expect("nothing to change"));
    assert!(matches!(store.replace_number(&group(1, "201")).await, Err(StoreError::Taken(_))));
    assert!(!store.delete_number::<ConferenceRoom>(&group(1, "1").id()).await.expect("it is no room"));
    assert!(store.delete_number::<RingGroup>(&group(1, "1").id()).await.expect("a deletion"));
    assert_eq!(store.numbers::<RingGroup>().await.expect("groups"), [group(2, "201")]);
}

async fn codes_and_lot(store: &Store) {
    assert_eq!(store.changed_codes().await.expect("codes"), []);
    assert_eq!(store.parking_lot().await.expect("a lot"), None);
    store
        .change_codes(&vec![(Feature::Park, "#1".parse().ok()), (Feature::EchoTest, None)])
        .await
        .expect("a change");
    store.change_codes(&vec![(Feature::Park, "#2".parse().ok())]).await.expect("a change");
    let mut codes = store.changed_codes().await.expect("codes");
    codes.sort_by_key(|(feature, _)| *feature);
    assert_eq!(codes, [(Feature::EchoTest, None), (Feature::Park, "#2".parse().ok())]);
    store.set_parking_lot(Some(ParkingLot::default())).await.expect("a change");
    assert_eq!(store.parking_lot().await.expect("a lot"), Some(Some(ParkingLot::default())));
    store.set_parking_lot(None).await.expect("a change");
    assert_eq!(store.parking_lot().await.expect("a lot"), Some(None));
}

async fn settings(store: &Store) {
    let alice = UserId::from_u128(1);
    assert_eq!(store.settings(alice).await.expect("settings"), default_settings());
    let changed = store.change_settings(alice, |it| it.forward.busy = "103".parse().ok()).await;
    assert!(changed.expect("a change").is_some());
    let nobody = store.change_settings(UserId::from_u128(77), |_| {}).await.expect("a look-up");
    assert!(nobody.is_none());

    let changed =
        |number, on| SettingChanged { user: alice, number, change: SettingChange::DoNotDisturb { on } };
    assert!(store.take_changes(&[changed(10, true)]).await.expect("a change"));
    assert!(!store.take_changes(&[changed(10, true)]).await.expect("said again"), "it is known");
    assert!(!store.take_changes(&[changed(9, false)]).await.expect("late"), "an older one changes nothing");
    let stranger = SettingChanged { user: UserId::from_u128(77), ..changed(11, false) };
    assert!(!store.take_changes(&[stranger]).await.expect("nobody's"));
    let kept = store.settings(alice).await.expect("settings");
    assert_eq!((kept.do_not_disturb, kept.last_change), (true, 10));
    assert_eq!(kept.forward.busy, "103".parse().ok(), "the rest stays");
    assert_eq!(store.all_settings().await.expect("settings").get(&alice), Some(&kept));
}

async fn refresh_tokens(store: &Store) {
    let token = |hash: &str, family: &str| RefreshToken {
        hash: hash.to_owned(),
        family: family.to_owned(),
        user: UserId::from_u128(1),
        expires_at: 1_000,
    };
    store.create_refresh_token(&token("a1", "a"), 0).await.expect("new");
    store.create_refresh_token(&token("b1", "b"), 0).await.expect("new");
    let rotated = Rotation::Rotated { user: UserId::from_u128(1), family: "a".to_owned() };
    assert_eq!(store.rotate_refresh_token("a1", "a2", 2_000, 10).await.expect("a rotation"), rotated);
    assert_eq!(
        store.rotate_refresh_token("zz", "z2", 2_000, 10).await.expect("a look-up"),
        Rotation::Unknown
    );
    assert!(store.has_family("a").await.expect("a look-up"));
    let reused = Rotation::Reused { family: "a".to_owned() };
    assert_eq!(store.rotate_refresh_token("a1", "a3", 2_000, 11).await.expect("a rotation"), reused);
    assert!(!store.has_family("a").await.expect("a look-up"), "the thief's next token is gone too");
    assert_eq!(
        store.rotate_refresh_token("a2", "a4", 2_000, 12).await.expect("a look-up"),
        Rotation::Unknown
    );
    assert_eq!(store.rotate_refresh_token("b1", "b2", 2_000, 1_000).await.expect("over"), Rotation::Unknown);
    assert_eq!(store.revoke_by_refresh_token("b1").await.expect("a revocation"), Some("b".to_owned()));
    assert_eq!(store.revoke_by_refresh_token("b1").await.expect("a revocation"), None);

    // Of two tabs that refresh at once, one wins.
    store.create_refresh_token(&token("c1", "c"), 0).await.expect("new");
    let (one, two) = tokio::join!(
        store.rotate_refresh_token("c1", "c2", 2_000, 10),
        store.rotate_refresh_token("c1", "c3", 2_000, 10)
    );
    let wins = [one.expect("a rotation"), two.expect("a rotation")];
    let won = wins.iter().filter(|rotation| matches!(rotation, Rotation::Rotated { .. })).count();
    assert_eq!(won, 1, "{wins:?}");

    store.create_refresh_token(&token("d1", "d"), 0).await.expect("new");
    store.set_password(UserId::from_u128(1), "third").await.expect("a change");
    assert!(!store.has_family("d").await.expect("a look-up"), "a new password ends every sign-in");
}

async fn sessions(store: &Store) {
    let record = |id: u128, user: u128| SessionRecord {
        id: SessionId::from_u128(id),
        secret_hash: [id as u8; 32],
        user: UserId::from_u128(user),
        epoch: 5,
        family: "f".to_owned(),
    };
    let saved = [record(1, 1), record(2, 1), record(3, 99)];
    store.change_sessions(&saved, &[]).await.expect("a change");
    store.change_sessions(&[record(4, 2)], &[SessionId::from_u128(1)]).await.expect("a change");
    let mut kept = store.sessions().await.expect("sessions");
    kept.sort_by_key(|record| record.id);
    assert_eq!(kept, vec![record(2, 1), record(4, 2)], "none of an account that is gone");
}

async fn history(store: &Store) {
    let party = |id: Option<u128>, number: &str| Party {
        user: id.map(UserId::from_u128),
        number: Pii(number.to_owned()),
        name: Pii(String::new()),
    };
    let record = |id: u128, caller: u128, callee: Option<u128>, at: u64| CallRecord {
        call: CallId::from_u128(id),
        caller: party(Some(caller), "101"),
        callee: party(callee, "102"),
        passed_by: Vec::new(),
        dialled: Pii("102".to_owned()),
        started_at: at,
        answered_at: id.is_multiple_of(2).then_some(at + 1),
        ended_at: at + 2,
        reason: EndReason::NoAnswer,
        by: EndedBy::Switch,
    };
    let mut records: Vec<_> = (1..=10u128).map(|id| record(id, 1, Some(2), 100 + id as u64 / 3)).collect();
    records.push(record(11, 1, Some(1), 500));
    records.push(record(12, 2, None, 600));
    let calls = |records: &[CallRecord]| {
        records.iter().map(|record| HistoryItem::Call(Box::new(record.clone()))).collect::<Vec<_>>()
    };
    assert_eq!(store.record(&calls(&records)).await.expect("a batch"), 12);
    assert_eq!(
        store.record(&calls(&records[3..])).await.expect("the same again"),
        0,
        "a call is written once"
    );
    let heard = |leg: u128, user: u128, mos_listening: f32| {
        let way = WayQuality { mos_listening, ..WayQuality::default() };
        HistoryItem::Leg(Box::new(LegFigures {
            leg: LegId::from_u128(leg),
            call: CallId::from_u128(10),
            user: Some(UserId::from_u128(user)),
            role: LegRole::Caller,
            quality: LegQuality { from_device: Some(way), ..LegQuality::default() },
        }))
    };
    assert_eq!(store.record(&[heard(1, 1, 4.25), heard(2, 2, 3.5)]).await.expect("figures"), 2);
    assert_eq!(
        store.record(&[heard(2, 2, 1.0)]).await.expect("the same again"),
        0,
        "a leg's figures are last"
    );

    let all = store.history(None, 100).await.expect("a page").expect("no cursor");
    assert_eq!(all.rows.len(), 12);
    for odd in ["", "1", "x-y", "1-' OR 1=1", &format!("1-{}", "0".repeat(31))] {
        assert!(store.history(Some(odd), 10).await.expect("a look-up").is_none(), "{odd}");
    }
}

fn side(call: u128, user: u128, at: u64, outcome: CallOutcome) -> CallSide {
    let peer = PeerInfo {
        user_id: Some(UserId::from_u128(3 - user).to_string()),
        number: Pii("102".to_owned()),
        name: Pii("Bob; DROP TABLE call_sides".to_owned()),
    };
    let is_made = outcome == CallOutcome::Unanswered;
    CallSide {
        call: CallId::from_u128(call),
        user: UserId::from_u128(user),
        direction: if is_made { CallDirection::Outbound } else { CallDirection::Inbound },
        peer,
        started_at: at,
        answered_at: (outcome == CallOutcome::Answered).then_some(at + 1),
        ended_at: at + 2,
        reason: EndReason::NoAnswer,
        outcome,
    }
}

async fn call_sides(store: &Store) {
    let (alice, bob) = (UserId::from_u128(1), UserId::from_u128(2));
    let item = |side: &CallSide| HistoryItem::Side(Box::new(side.clone()));
    let missed = |call: u128| side(call, 1, 100 + call as u64 / 3, CallOutcome::Missed);
    let mut sides: Vec<_> = (1..=10).map(missed).collect();
    sides.push(side(10, 2, 103, CallOutcome::Unanswered));
    sides.push(side(11, 1, 500, CallOutcome::Answered));
    let items: Vec<_> = sides.iter().map(item).collect();
    assert_eq!(store.record(&items).await.expect("a batch"), 12);
    assert_eq!(store.record(&items).await.expect("the same again"), 0, "a side is one row");
    assert_eq!(store.missed_calls().await.expect("a count"), [(alice, 10)], "and counts once");
    // Somebody took it after all.
    let taken = CallSide { outcome: CallOutcome::AnsweredElsewhere, ..missed(1) };
    store.record(&[item(&taken)]).await.expect("a change");
    assert_eq!(store.missed_calls().await.expect("a count"), [(alice, 9)]);

    let (mut seen, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = store.own_history(alice, None, cursor.as_deref(), 3).await;
        let page = page.expect("a page").expect("our cursor");
        assert!(page.entries.len() <= 3);
        seen.extend(page.entries);
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 11, "each call once");
    assert!(seen.windows(2).all(|two| two[0].started_at >= two[1].started_at), "newest first");
    assert_eq!((seen[0].outcome, seen[0].answered_at), (CallOutcome::Answered, Some(501)));
    let scores =
        |entry: &HistoryEntry| entry.quality.as_ref().and_then(|quality| quality.sent).map(|way| way.mos);
    let scored: Vec<_> = seen.iter().filter_map(scores).collect();
    assert_eq!(scored, [4.25], "her own device's, in the one call that has figures");
    let only = store.own_history(alice, Some(CallOutcome::Missed), None, 100).await;
    assert_eq!(only.expect("a page").expect("no cursor").entries.len(), 9);
    let page = store.own_history(bob, None, None, 100).await.expect("a page").expect("no cursor");
    assert_eq!((page.entries.len(), page.entries[0].direction), (1, CallDirection::Outbound));
    for odd in ["", "1", "x-y", "1-' OR 1=1", &format!("1-{}", "0".repeat(31))] {
        assert!(store.own_history(bob, None, Some(odd), 10).await.expect("a look-up").is_none(), "{odd}");
    }
    let contacts = store.recent_contacts(2).await.expect("contacts");
    assert_eq!(contacts.last(), Some(&(alice, bob)), "the latest last");
    assert_eq!(contacts.len(), 2);
    store.record(&[HistoryItem::Seen(alice)]).await.expect("a change");
    assert_eq!(store.missed_calls().await.expect("a count"), []);
    let taken = CallSide { outcome: CallOutcome::AnsweredElsewhere, ..missed(2) };
    store.record(&[item(&taken), item(&missed(12))]).await.expect("changes");
    assert_eq!(store.missed_calls().await.expect("a count"), [(alice, 1)], "what was seen hides nothing");
}

async fn people(store: &Store) {
    let (alice, admin) = (UserId::from_u128(1), UserId::from_u128(2));
    let says =
        |activity, until| SavedStatement { user: alice, activity, note: Pii("'; --".to_owned()), until };
    let said = [
        PeopleChange::Statement(says(Some(Activity::Vacation), Some(u64::MAX / 4))),
        PeopleChange::Statement(says(Some(Activity::Dnd), None)),
        PeopleChange::Statement(SavedStatement { user: UserId::from_u128(99), ..says(None, None) }),
        PeopleChange::DoNotDisturb(alice, true),
        PeopleChange::Favourites(alice, vec![admin, alice, UserId::from_u128(99)]),
        PeopleChange::Favourites(admin, vec![alice]),
        PeopleChange::Favourites(admin, vec![]),
    ];
    store.change_people(&said).await.expect("changes");
    assert_eq!(store.statements().await.expect("statements"), [says(Some(Activity::Dnd), None)]);
    assert_eq!(store.favourites().await.expect("favourites"), [(alice, vec![admin, alice])]);
    store.change_people(&[PeopleChange::Statement(says(None, Some(7)))]).await.expect("a change");
    assert_eq!(store.statements().await.expect("statements"), [says(None, Some(7))]);
    store.change_people(&[PeopleChange::NoStatement(alice)]).await.expect("a change");
    assert_eq!(store.statements().await.expect("statements"), []);

    let moves = |department: &str| AccountChange {
        department: Some(Pii(department.to_owned())),
        ..AccountChange::default()
    };
    let moved = store.change_account(alice, moves("R&D")).await.expect("a change").expect("alice is there");
    assert_eq!((moved.department.as_str(), moved.photo), ("R&D", None));
    assert_eq!(store.set_photo(alice, Some("f1")).await.expect("a change"), Some(None));
    assert_eq!(store.set_photo(alice, None).await.expect("a change"), Some(Some("f1".to_owned())));
    assert_eq!(store.set_photo(UserId::from_u128(99), None).await.expect("a change"), None);
}

/// The address book is kept as it was written.
async fn contacts(store: &Store) {
    let number = |number: &str| ContactNumber { label: "Büro".to_owned(), number: Pii(number.to_owned()) };
    let contact = |id: &str, name: &str| Contact {
        id: id.to_owned(),
        name: Pii(name.to_owned()),
        organisation: Pii("'; --".to_owned()),
        numbers: vec![number("+49301234567"), number("4711")],
    };
    store.put_contact(&contact("1", "Dora")).await.expect("written");
    store.put_contact(&contact("2", "王小明")).await.expect("written");
    store.put_contact(&contact("1", "Zoë")).await.expect("replaced");
    let mut all = store.contacts().await.expect("contacts");
    all.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(all, [contact("1", "Zoë"), contact("2", "王小明")]);
    assert_eq!(store.count_contacts().await.expect("a number"), 2);
    assert!(store.delete_contact("2").await.expect("deleted"));
    assert!(!store.delete_contact("2").await.expect("it is gone"));
    let there = (store.has_contact("1").await.expect("known"), store.has_contact("2").await.expect("known"));
    assert_eq!(there, (true, false));
    assert!(store.delete_contact("1").await.expect("deleted"));
}
