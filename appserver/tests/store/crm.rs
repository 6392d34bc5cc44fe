//! The part of the suite about signing in by the word of others and about browsers that are woken.

use ringdown_appserver::store::{PushSubscription, RefreshToken, Store};
use ringdown_protocol::Role;
use ringdown_types::UserId;

const DORA: UserId = UserId::from_u128(0xd0);
const EMIL: UserId = UserId::from_u128(0xe0);

pub(crate) async fn suite(store: &Store) {
    for (id, name) in [(0xd0, "dora"), (0xe0, "emil")] {
        store.create_account(&super::account(id, name, None, Role::User)).await.expect("somebody new");
    }
    identities(store).await;
    shown_tokens(store).await;
    subscriptions(store).await;
    subscriptions_of_sign_ins(store).await;
    for user in [DORA, EMIL] {
        assert!(store.delete_account(user).await.expect("a deletion"));
    }
    assert_eq!(store.identity("https://id", "1").await.expect("a look-up"), None, "it went with the account");
    assert!(store.subscriptions(EMIL, 0).await.expect("a look-up").is_empty());
}

async fn identities(store: &Store) {
    assert_eq!(store.identity("https://id", "1").await.expect("a look-up"), None);
    store.keep_identity("https://id", "1", DORA).await.expect("new");
    store.keep_identity("https://id", "1", EMIL).await.expect("a subject is one account's, the first");
    assert_eq!(store.identity("https://id", "1").await.expect("a look-up"), Some(DORA));
    assert_eq!(store.identity("https://other", "1").await.expect("a look-up"), None, "of its issuer only");
    let other = |issuer, subject| store.has_other_identity(issuer, subject, DORA);
    assert!(!other("https://id", "1").await.expect("a look-up"));
    assert!(other("https://id", "2").await.expect("a look-up"));
    assert!(!other("https://else", "2").await.expect("a look-up"));
    let nobody = UserId::from_u128(99);
    store.keep_identity("https://id", "3", nobody).await.expect_err("there is no such account");
}

async fn shown_tokens(store: &Store) {
    assert!(store.show_token("x", 100, 50).await.expect("a look-up"));
    assert!(!store.show_token("x", 100, 100).await.expect("a look-up"), "shown before");
    assert!(store.show_token("y", 200, 101).await.expect("a look-up"));
    assert!(store.show_token("x", 300, 101).await.expect("a look-up"), "what is over is forgotten");
    let (one, two) = tokio::join!(store.show_token("z", 300, 101), store.show_token("z", 300, 101));
    assert_eq!([one, two].into_iter().filter(|shown| matches!(shown, Ok(true))).count(), 1);
}

fn browser(name: &str) -> PushSubscription {
    let endpoint = format!("https://push.example/{name}");
    PushSubscription::new(endpoint, format!("key of {name}"), "secret".to_owned())
}

async fn sign_in(store: &Store, user: UserId, family: &str, expires_at: u64) {
    let token = RefreshToken { hash: format!("hash {family}"), family: family.to_owned(), user, expires_at };
    store.create_refresh_token(&token, 0).await.expect("a sign-in");
}

async fn subscriptions(store: &Store) {
    sign_in(store, DORA, "dora's", 1_000).await;
    sign_in(store, EMIL, "emil's", 1_000).await;
    for number in 0..20 {
        let browser = browser(&format!("{number}"));
        store.keep_subscription((DORA, "dora's"), &browser, number).await.expect("it is kept");
    }
    let kept = store.subscriptions(DORA, 0).await.expect("a look-up");
    assert_eq!(kept.len(), 16, "the oldest give way");
    assert_eq!(kept[0], browser("19"), "newest first");
    // The browser's next user takes it over.
    store.keep_subscription((EMIL, "emil's"), &browser("19"), 30).await.expect("it is kept");
    assert_eq!(store.subscriptions(DORA, 0).await.expect("a look-up").len(), 15);
    assert_eq!(store.subscriptions(EMIL, 0).await.expect("a look-up"), [browser("19")]);
    // Nobody takes away what is another's.
    store.forget_subscription(Some(DORA), &browser("19").endpoint).await.expect("nothing happens");
    assert_eq!(store.subscriptions(EMIL, 0).await.expect("a look-up").len(), 1);
    store.forget_subscription(None, &browser("18").endpoint).await.expect("it is gone");
    assert_eq!(store.subscriptions(DORA, 0).await.expect("a look-up").len(), 14);
}

async fn subscriptions_of_sign_ins(store: &Store) {
    assert!(store.subscriptions(EMIL, 1_000).await.expect("a look-up").is_empty(), "its sign-in is over");
    sign_in(store, EMIL, "emil's other", 9_000).await;
    store.keep_subscription((EMIL, "emil's other"), &browser("e"), 40).await.expect("it is kept");
    assert_eq!(store.subscriptions(EMIL, 1_000).await.expect("a look-up"), [browser("e")]);
    let mut wakeable = store.wakeable(0).await.expect("a look-up");
    wakeable.sort_unstable();
    assert_eq!(wakeable, [DORA, EMIL]);
    assert_eq!(store.wakeable(1_000).await.expect("a look-up"), [EMIL]);
    assert!(store.subscriptions(DORA, 0).await.expect("a look-up").is_empty(), "cleared on the way");
    assert_eq!(store.forget_subscriptions_of("emil's other").await.expect("a deletion"), Some(EMIL));
    assert_eq!(store.forget_subscriptions_of("emil's other").await.expect("nothing there"), None);
}
