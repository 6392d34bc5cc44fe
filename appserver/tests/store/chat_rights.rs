//! The chat's part of the suite: signs, who may take what away, who wants nothing of whom, what is kept for a while.

use ringdown_appserver::store::{ChatError, ChatPage, FileRow, Readers, Store};
use ringdown_desk::{ChatNews, ChatTarget, ChatWork, StoredMessage};
use ringdown_types::{ConversationId, FileId, MessageId, Pii, RoomId, UserId};

use super::chat::{ALICE, BOB, CAROL, DAY, NOW, ask, delete, history, list, open, send, text};

const ERIN: UserId = UserId::from_u128(0xe);
const FRANK: UserId = UserId::from_u128(0xf);

pub(crate) async fn suite(store: &Store) {
    signs(store).await;
    moderators(store).await;
    blocks(store).await;
    refusals(store).await;
    pages(store).await;
    expiry(store).await;
}

async fn message(store: &Store, user: UserId, work: ChatWork) -> Result<StoredMessage, ChatError> {
    match ask(store, user, NOW, work).await? {
        ChatNews::Message { message, is_new, .. } => {
            assert!(!is_new);
            Ok(*message)
        }
        other => panic!("{other:?}"),
    }
}

async fn group(store: &Store, others: &[UserId]) -> Result<ConversationId, ChatError> {
    let create = ChatWork::Create { title: Pii("Team".into()), members: others.to_vec() };
    match ask(store, ERIN, NOW, create).await? {
        ChatNews::Opened { opened, .. } => Ok(opened.conversation.id),
        other => panic!("{other:?}"),
    }
}

async fn signs(store: &Store) {
    let said = send(store, ERIN, ChatTarget::Person(FRANK), (1_000, NOW, "lunch?")).await;
    let react = |emoji: Option<&str>| ChatWork::React {
        conversation: said.conversation,
        seq: said.seq,
        emoji: emoji.map(str::to_owned),
    };
    let given = message(store, FRANK, react(Some("👍"))).await.expect("given");
    assert_eq!((given.reactions, given.revision), (vec![(FRANK, "👍".to_owned())], 2));
    message(store, ERIN, react(Some("🎉"))).await.expect("given");
    let given = message(store, FRANK, react(Some("👩‍👩‍👧"))).await.expect("another one");
    assert_eq!(given.reactions, [(ERIN, "🎉".to_owned()), (FRANK, "👩‍👩‍👧".to_owned())]);
    let again = message(store, FRANK, react(Some("👩‍👩‍👧"))).await.expect("the same");
    assert_eq!(again.revision, given.revision, "nothing changed");
    let given = message(store, ERIN, react(None)).await.expect("taken back");
    assert_eq!(given.reactions, [(FRANK, "👩‍👩‍👧".to_owned())]);
    assert!(matches!(message(store, CAROL, react(Some("👍"))).await, Err(ChatError::NoSuchConversation)));
    let gone = message(store, ERIN, delete(said.conversation, said.seq)).await.expect("deleted");
    assert!(gone.is_deleted && gone.reactions.is_empty());
    assert!(matches!(message(store, FRANK, react(Some("👍"))).await, Err(ChatError::NoSuchMessage)));
}

async fn moderators(store: &Store) {
    let id = group(store, &[FRANK, CAROL]).await.expect("a group");
    let target = || ChatTarget::Conversation(id);
    for (number, user) in [(1_010, FRANK), (1_011, FRANK), (1_012, ERIN), (1_013, FRANK)] {
        send(store, user, target(), (number, NOW, "rude")).await;
    }
    let by = |seq, is_admin| ChatWork::Delete { conversation: id, seq, is_admin };
    assert!(matches!(message(store, CAROL, by(1, false)).await, Err(ChatError::NoSuchMessage)));
    assert!(message(store, ERIN, by(1, false)).await.expect("she made the group").is_deleted);
    assert!(message(store, CAROL, by(2, true)).await.expect("an admin").is_deleted);
    assert!(matches!(message(store, FRANK, by(3, false)).await, Err(ChatError::NoSuchMessage)));
    assert!(matches!(message(store, BOB, by(4, true)).await, Err(ChatError::NoSuchConversation)));
    // An admin elsewhere, who was told the message's id.
    let removed = store.chat_remove(MessageId::from_u128(1_013), NOW).await;
    assert!(matches!(removed, Ok(ChatNews::Message { message, members, .. })
        if message.is_deleted && message.text.is_empty() && members.len() == 3));
    let again = store.chat_remove(MessageId::from_u128(1_013), NOW).await;
    assert!(matches!(again, Err(ChatError::NoSuchMessage)));
    // Of two people nobody takes away what the other wrote.
    let said = send(store, FRANK, ChatTarget::Person(ERIN), (1_014, NOW, "mine")).await;
    let by_admin = ChatWork::Delete { conversation: said.conversation, seq: said.seq, is_admin: true };
    assert!(matches!(message(store, ERIN, by_admin).await, Err(ChatError::NoSuchMessage)));
}

async fn blocks(store: &Store) {
    let block = |is_blocked| ChatWork::Block { other: FRANK, is_blocked };
    let blocked = |news| match news {
        Ok(ChatNews::Blocked(users)) => users,
        other => panic!("{other:?}"),
    };
    assert_eq!(blocked(ask(store, ERIN, NOW, block(true)).await), [FRANK]);
    assert_eq!(blocked(ask(store, ERIN, NOW, block(true)).await), [FRANK], "twice is once");
    let listed = store.chat_list(ERIN, None, 1).await;
    assert!(matches!(listed, Ok(ChatNews::Listed { blocked, .. }) if blocked == [FRANK]));
    let talk = open(store, ERIN, ChatTarget::Person(FRANK)).await.0.conversation;
    for target in [ChatTarget::Person(ERIN), ChatTarget::Conversation(talk.id)] {
        let refused = ask(store, FRANK, NOW, text(target, 1_020, "hello?")).await;
        assert!(matches!(refused, Err(ChatError::Blocked)));
    }
    let own = ask(store, ERIN, NOW, text(ChatTarget::Person(FRANK), 1_021, "hm")).await;
    assert!(matches!(own, Err(ChatError::Blocking)));
    let create = ChatWork::Create { title: Pii("Trap".into()), members: vec![ERIN, CAROL] };
    assert!(matches!(ask(store, FRANK, NOW, create).await, Err(ChatError::Blocked)));
    assert_eq!(blocked(ask(store, ERIN, NOW, block(false)).await), []);
    send(store, FRANK, ChatTarget::Person(ERIN), (1_022, NOW, "hello!")).await;
}

/// What is refused leaves nothing, and tells nothing.
async fn refusals(store: &Store) {
    const GINA: UserId = UserId::from_u128(0x10);
    let file = Some(FileId::from_u128(999));
    let work = ChatWork::Send {
        target: ChatTarget::Person(ERIN),
        message: MessageId::from_u128(1_030),
        text: Pii("see this".into()),
        file,
    };
    assert!(matches!(ask(store, GINA, NOW, work).await, Err(ChatError::NoSuchFile)));
    let (_, is_new) = open(store, GINA, ChatTarget::Person(ERIN)).await;
    assert!(is_new, "no conversation was begun");
    let id = group(store, &[FRANK]).await.expect("a group");
    let again = || text(ChatTarget::Conversation(id), 1_031, "before");
    ask(store, FRANK, NOW, again()).await.expect("sent");
    let change = ChatWork::Change { conversation: id, title: None, add: vec![], remove: vec![FRANK] };
    ask(store, ERIN, NOW, change).await.expect("out");
    let resent = ask(store, FRANK, NOW, again()).await;
    assert!(matches!(resent, Err(ChatError::NoSuchConversation)), "{resent:?}");
}

async fn pages(store: &Store) {
    let id = group(store, &[FRANK]).await.expect("a group");
    for number in 1..=5 {
        let said = format!("{number}");
        send(store, ERIN, ChatTarget::Conversation(id), (1_040 + number, NOW, &said)).await;
    }
    let page = async |page| match store.chat_history((FRANK, id), page, 2).await {
        Ok(ChatNews::History { messages, more }) => {
            (messages.into_iter().map(|one| one.seq).collect::<Vec<_>>(), more)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(page(ChatPage::After(1)).await, (vec![2, 3], true));
    assert_eq!(page(ChatPage::After(3)).await, (vec![4, 5], false));
    assert_eq!(page(ChatPage::After(5)).await, (vec![], false));
    assert_eq!(page(ChatPage::Before(3)).await, (vec![1, 2], false));
}

async fn expiry(store: &Store) {
    const HANS: UserId = UserId::from_u128(0x11);
    const OLD: u64 = NOW - 5_000 * DAY;
    let file = |id: u128| FileRow {
        id: FileId::from_u128(id),
        owner: HANS,
        name: Pii("plan.pdf".into()),
        media_type: "application/pdf".into(),
        size: 500,
        created_at: OLD,
        readers: Readers::Nobody,
    };
    let say = async |id: u128, at, file| {
        let (target, text) = (ChatTarget::Person(ALICE), Pii("hi".to_owned()));
        let work = ChatWork::Send { target, message: MessageId::from_u128(id), text, file };
        match ask(store, HANS, at, work).await {
            Ok(ChatNews::Message { message, .. }) => message.conversation,
            other => panic!("{other:?}"),
        }
    };
    for id in [51, 52] {
        store.add_file(&file(id)).await.expect("kept");
    }
    let talk = say(1_050, OLD, Some(FileId::from_u128(51))).await;
    say(1_051, OLD + 1, None).await;
    say(1_052, NOW, Some(FileId::from_u128(52))).await;
    let room = ChatTarget::Room { room: RoomId::from_u128(0x99), title: Pii("899".into()), members: vec![] };
    send(store, HANS, room, (1_053, OLD, "over")).await;
    assert_eq!(list(store, ALICE).await.0.iter().find(|one| one.0 == talk), Some(&(talk, 3, 0)));

    // Files go first: what is left of one is its name.
    let old = store.expired_files(OLD + DAY, 10).await.expect("a list");
    assert_eq!(old.iter().map(|file| file.id.as_u128()).collect::<Vec<_>>(), [51, 52]);
    assert!(store.empty_file(FileId::from_u128(52)).await.expect("a store"));
    assert!(!store.empty_file(FileId::from_u128(52)).await.expect("a store"), "once");
    let shown = store.chat_history((ALICE, talk), ChatPage::After(2), 1).await;
    let Ok(ChatNews::History { messages, .. }) = shown else { panic!("{shown:?}") };
    let left = messages[0].file.as_ref().map(|file| (file.name.0.as_str(), file.size));
    assert_eq!(left, Some(("plan.pdf", 0)));

    assert!(store.chat_expire(OLD + DAY, 2).await.expect("a store"), "there may be more");
    while store.chat_expire(OLD + DAY, 2).await.expect("a store") {}
    assert_eq!(history(store, ALICE, talk, None).await, (vec!["hi".to_owned()], false), "the new one stays");
    assert_eq!(list(store, ALICE).await.0.iter().find(|one| one.0 == talk), Some(&(talk, 3, 2)));
    assert!(list(store, HANS).await.0.iter().all(|one| one.0 == talk), "the room's went with its messages");
    let unused = store.unused_files(NOW, 10).await.expect("a list");
    assert_eq!(unused.iter().map(|file| file.id.as_u128()).collect::<Vec<_>>(), [51], "swept next");
    for id in [51, 52] {
        store.forget_file(FileId::from_u128(id)).await.expect("a store");
    }
}
