//! The chat's part of the suite.

use ringdown_appserver::store::{ChatError, ChatPage, FileRow, Readers, Store};
use ringdown_desk::{ChatAsker, ChatJob, ChatNews, ChatTarget, ChatWork, Opened, StoredMessage, folded};
use ringdown_protocol::ChatKind;
use ringdown_types::{ConversationId, FileId, MessageId, Pii, RoomId, UserId};

pub(crate) const ALICE: UserId = UserId::from_u128(0xa);
pub(crate) const BOB: UserId = UserId::from_u128(0xb);
pub(crate) const CAROL: UserId = UserId::from_u128(0xc);
const DAVE: UserId = UserId::from_u128(0xd);
pub(crate) const NOW: u64 = 1_700_000_000_000;
pub(crate) const DAY: u64 = 24 * 60 * 60 * 1000;

pub(crate) async fn suite(store: &Store) {
    let talk = direct(store).await;
    marks(store, talk).await;
    edits(store, talk).await;
    groups(store).await;
    rooms(store).await;
    files(store, talk).await;
    search(store, talk).await;
    undelivered(store).await;
    batches(store).await;
}

pub(crate) const fn delete(conversation: ConversationId, seq: u64) -> ChatWork {
    ChatWork::Delete { conversation, seq, is_admin: false }
}

pub(crate) async fn ask(store: &Store, user: UserId, at: u64, work: ChatWork) -> Result<ChatNews, ChatError> {
    let job = ChatJob { user, asker: ChatAsker::Nobody, at, work };
    store.chat_write(&[job]).await.expect("the store works").pop().expect("an outcome")
}

pub(crate) fn text(target: ChatTarget, id: u128, text: &str) -> ChatWork {
    ChatWork::Send { target, message: MessageId::from_u128(id), text: Pii(text.to_owned()), file: None }
}

pub(crate) async fn send(
    store: &Store,
    user: UserId,
    target: ChatTarget,
    (id, at, said): (u128, u64, &str),
) -> StoredMessage {
    match ask(store, user, at, text(target, id, said)).await {
        Ok(ChatNews::Message { message, .. }) => *message,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn open(store: &Store, user: UserId, target: ChatTarget) -> (Opened, bool) {
    match ask(store, user, NOW, ChatWork::Open(target)).await {
        Ok(ChatNews::Opened { opened, is_changed, .. }) => (*opened, is_changed),
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn list(store: &Store, user: UserId) -> (Vec<(ConversationId, u64, u64)>, u64) {
    match store.chat_list(user, None, 50).await {
        Ok(ChatNews::Listed { conversations, unread, .. }) => {
            (conversations.iter().map(|one| (one.id, one.last_seq, one.read)).collect(), unread)
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn history(
    store: &Store,
    user: UserId,
    of: ConversationId,
    before: Option<u64>,
) -> (Vec<String>, bool) {
    match store.chat_history((user, of), ChatPage::Before(before.unwrap_or(u64::MAX)), 2).await {
        Ok(ChatNews::History { messages, more }) => {
            (messages.into_iter().map(|message| message.text.0).collect(), more)
        }
        other => panic!("{other:?}"),
    }
}

async fn direct(store: &Store) -> ConversationId {
    let (opened, is_new) = open(store, ALICE, ChatTarget::Person(BOB)).await;
    let talk = opened.conversation.id;
    assert!(is_new && opened.conversation.kind == ChatKind::Direct && opened.members.len() == 2);
    assert_eq!(list(store, BOB).await, (vec![], 0), "nothing was written yet");
    assert_eq!(
        open(store, BOB, ChatTarget::Person(ALICE)).await.0.conversation.id,
        talk,
        "one for two people"
    );
    for (id, said) in [(1, "один"), (2, "二"), (3, "drei")] {
        let message = send(store, ALICE, ChatTarget::Person(BOB), (id, NOW + id as u64, said)).await;
        assert_eq!((message.seq, message.revision, message.conversation), (id as u64, id as u64, talk));
    }
    // Sent again because the answer was lost.
    let again = ask(store, ALICE, NOW + 9, text(ChatTarget::Person(BOB), 3, "drei")).await;
    let Ok(ChatNews::Message { message, is_new, members, .. }) = again else { panic!("{again:?}") };
    assert_eq!((message.seq, is_new, members.len()), (3, false, 2));
    let stolen = ask(store, BOB, NOW, text(ChatTarget::Person(ALICE), 3, "mine")).await;
    assert!(matches!(stolen, Err(ChatError::IdTaken)));
    assert_eq!(list(store, ALICE).await, (vec![(talk, 3, 3)], 0), "who writes has read");
    assert_eq!(list(store, BOB).await, (vec![(talk, 3, 0)], 3));
    assert_eq!(history(store, BOB, talk, None).await, (vec!["二".into(), "drei".into()], true));
    assert_eq!(history(store, BOB, talk, Some(2)).await, (vec!["один".into()], false));
    let strange = store.chat_history((CAROL, talk), ChatPage::Before(9), 2).await;
    assert!(matches!(strange, Err(ChatError::NoSuchConversation)));
    let strange = ask(store, CAROL, NOW, text(ChatTarget::Conversation(talk), 99, "hi")).await;
    assert!(matches!(strange, Err(ChatError::NoSuchConversation)));
    talk
}

async fn marks(store: &Store, talk: ConversationId) {
    let mark = |delivered, read| ChatWork::Mark { conversation: talk, delivered, read };
    let marked = async |work| match ask(store, BOB, NOW, work).await {
        Ok(ChatNews::Marked { delivered, read, is_news, .. }) => (delivered, read, is_news),
        other => panic!("{other:?}"),
    };
    assert_eq!(marked(mark(2, 0)).await, (2, 0, true));
    assert_eq!(marked(mark(1, 1)).await, (2, 1, true));
    assert_eq!(marked(mark(2, 1)).await, (2, 1, false), "nothing new");
    assert_eq!(marked(mark(0, 99)).await, (3, 3, true), "no further than what was written");
    let (opened, _) = open(store, ALICE, ChatTarget::Conversation(talk)).await;
    let seen = &opened.conversation;
    assert_eq!((seen.peer, seen.others_delivered, seen.others_read), (Some(BOB), 3, 3));
    assert_eq!(list(store, BOB).await.1, 0);
}

async fn edits(store: &Store, talk: ConversationId) {
    let edit = |seq, text: &str| ChatWork::Edit { conversation: talk, seq, text: Pii(text.to_owned()) };
    assert!(matches!(ask(store, BOB, NOW, edit(1, "x")).await, Err(ChatError::NoSuchMessage)));
    ask(store, ALICE, NOW + 50, edit(1, "раз")).await.expect("edited");
    let deleted = ask(store, ALICE, NOW + 51, delete(talk, 3)).await;
    let Ok(ChatNews::Message { message, is_new, .. }) = deleted else { panic!("{deleted:?}") };
    assert!(message.is_deleted && message.text.is_empty() && !is_new);
    assert!(matches!(ask(store, ALICE, NOW, edit(3, "x")).await, Err(ChatError::NoSuchMessage)));
    // Who had everything up to revision 3 is given the two changes.
    let since = store.chat_history((BOB, talk), ChatPage::Since(3), 10).await;
    let Ok(ChatNews::History { messages, more }) = since else { panic!("{since:?}") };
    let changed: Vec<_> = messages.iter().map(|one| (one.seq, one.revision, one.edited_at)).collect();
    assert_eq!((changed, more), (vec![(1, 4, Some(NOW + 50)), (3, 5, Some(NOW + 51))], false));
}

async fn groups(store: &Store) {
    let create = ChatWork::Create { title: Pii("Команда".into()), members: vec![BOB, CAROL] };
    let Ok(ChatNews::Opened { opened, is_changed: true, .. }) = ask(store, ALICE, NOW + 100, create).await
    else {
        panic!("no group");
    };
    let group = opened.conversation.id;
    assert_eq!((opened.conversation.kind, opened.conversation.member_count), (ChatKind::Group, 3));
    assert_eq!(list(store, CAROL).await.0.len(), 1, "a group is listed before anybody writes");
    send(store, ALICE, ChatTarget::Conversation(group), (10, NOW + 101, "before dave")).await;
    let change = |add, remove| ChatWork::Change { conversation: group, title: None, add, remove };
    assert!(matches!(ask(store, BOB, NOW, change(vec![], vec![CAROL])).await, Err(ChatError::NotOwner)));
    ask(store, BOB, NOW, change(vec![DAVE], vec![])).await.expect("anybody takes somebody in");
    assert_eq!(history(store, DAVE, group, None).await, (vec![], false), "he sees what comes");
    assert_eq!(list(store, DAVE).await.1, 0);
    send(store, BOB, ChatTarget::Conversation(group), (11, NOW + 102, "hello dave")).await;
    assert_eq!(history(store, DAVE, group, None).await.0, ["hello dave"]);
    let gone = ask(store, ALICE, NOW, change(vec![], vec![CAROL])).await;
    assert!(matches!(gone, Ok(ChatNews::Opened { gone, .. }) if gone == [CAROL]));
    assert!(list(store, CAROL).await.0.is_empty());
    // Who made it leaves: somebody else takes people out from now on.
    let left = ask(store, ALICE, NOW, ChatWork::Leave(group)).await;
    let Ok(ChatNews::Left(Some(rest))) = left else { panic!("{left:?}") };
    assert_eq!(rest.members.iter().filter(|member| member.is_owner).count(), 1);
    for last in [BOB, DAVE] {
        ask(store, last, NOW, ChatWork::Leave(group)).await.expect("left");
    }
    assert!(matches!(store.chat_opened(DAVE, group).await, Err(ChatError::NoSuchConversation)));
}

async fn rooms(store: &Store) {
    let room = |members| ChatTarget::Room { room: RoomId::from_u128(5), title: Pii("800".into()), members };
    let (opened, is_new) = open(store, ALICE, room(vec![BOB])).await;
    let id = opened.conversation.id;
    assert!(is_new && opened.conversation.kind == ChatKind::Room);
    send(store, ALICE, room(vec![BOB]), (20, NOW + 110, "agenda")).await;
    let (opened, is_new) = open(store, CAROL, room(vec![ALICE, BOB])).await;
    assert!(is_new && opened.members.len() == 3, "she entered");
    assert!(!open(store, CAROL, room(vec![])).await.1, "she is in it already");
    assert_eq!(history(store, CAROL, id, None).await.0, ["agenda"], "what was said in the meeting");
    assert_eq!(list(store, CAROL).await, (vec![(id, 1, 1)], 0));
    for user in [ALICE, BOB, CAROL] {
        ask(store, user, NOW, ChatWork::Leave(id)).await.expect("left");
    }
}

async fn files(store: &Store, talk: ConversationId) {
    let file = |id: u128| FileRow {
        id: FileId::from_u128(id),
        owner: ALICE,
        name: Pii("Übersicht.pdf".into()),
        media_type: "application/pdf".into(),
        size: 1_000,
        created_at: NOW,
        readers: Readers::Nobody,
    };
    store.add_file(&file(1)).await.expect("kept");
    assert_eq!(store.size_of_files(Some(ALICE)).await.expect("a sum"), 1_000);
    let send = |user, id| {
        let (target, file) = (ChatTarget::Conversation(talk), Some(FileId::from_u128(1)));
        let work = ChatWork::Send { target, message: MessageId::from_u128(id), text: Pii::default(), file };
        ask(store, user, NOW + 200, work)
    };
    assert!(matches!(send(BOB, 30).await, Err(ChatError::NoSuchFile)), "it is alice's");
    let sent = send(ALICE, 31).await;
    let Ok(ChatNews::Message { message, .. }) = sent else { panic!("{sent:?}") };
    assert_eq!(message.file.map(|file| (file.name.0, file.size)), Some(("Übersicht.pdf".into(), 1_000)));
    assert!(matches!(send(ALICE, 32).await, Err(ChatError::NoSuchFile)), "it was sent");
    let kept = store.file(FileId::from_u128(1)).await.expect("a store").expect("a file");
    assert_eq!(kept.readers, Readers::Conversation(talk));
    assert!(store.is_in_conversation(BOB, talk).await.expect("a store"));
    assert!(!store.is_in_conversation(CAROL, talk).await.expect("a store"));
    ask(store, ALICE, NOW + 201, delete(talk, message.seq)).await.expect("deleted");
    let unused = store.unused_files(NOW + 1, 10).await.expect("a list");
    assert_eq!(unused.iter().map(|file| file.id).collect::<Vec<_>>(), [FileId::from_u128(1)], "swept");
    assert!(store.forget_file(FileId::from_u128(1)).await.expect("a store"));
}

async fn search(store: &Store, talk: ConversationId) {
    let old = NOW - 200 * DAY;
    let said = [
        (40, old, "Ёлка у Большого театра"),
        (41, NOW + 300, "Treffpunkt Hauptstraße 5, 100 % sicher"),
        (42, NOW + 301, "我们在会议室见面"),
        (43, NOW + 302, "C:\\temp_1 ist voll"),
    ];
    for (id, at, text) in said {
        send(store, BOB, ChatTarget::Conversation(talk), (id, at, text)).await;
    }
    let find = async |user, query: &str| {
        let words: Vec<String> = folded(query).split_whitespace().map(str::to_owned).collect();
        match store.chat_search((user, None), &words, None, NOW + 1_000).await {
            Ok(ChatNews::Found { messages, cursor: None }) => {
                messages.into_iter().map(|message| message.id).collect::<Vec<MessageId>>()
            }
            other => panic!("{other:?}"),
        }
    };
    let one = |id| vec![MessageId::from_u128(id)];
    for (query, id) in [
        ("ЕЛКА", 40),
        ("театра больш", 40),
        ("STRASSE", 41),
        ("hauptstrasse treff", 41),
        ("100 %", 41),
        ("会议", 42),
        ("会议室", 42),
        ("temp_1", 43),
        ("\\TEMP", 43),
    ] {
        assert_eq!(find(ALICE, query).await, one(id), "{query}");
    }
    assert_eq!(find(ALICE, "temp%1").await, Vec::<MessageId>::new(), "no pattern");
    assert_eq!(find(ALICE, "раз").await, one(1), "as it was edited");
    assert_eq!(find(ALICE, "drei").await, Vec::<MessageId>::new(), "deleted");
    assert_eq!(find(CAROL, "елка").await, Vec::<MessageId>::new(), "not hers");

    // A page ends where the next begins.
    for id in 0..40_u64 {
        let said = (500 + u128::from(id), NOW + 400 + id / 3, "рутина");
        send(store, BOB, ChatTarget::Conversation(talk), said).await;
    }
    let words = [folded("Рутина")];
    let first = store.chat_search((ALICE, Some(talk)), &words, None, NOW + 1_000).await;
    let Ok(ChatNews::Found { messages, cursor: Some(cursor) }) = first else { panic!("{first:?}") };
    let second = store.chat_search((ALICE, Some(talk)), &words, Some(&cursor), NOW + 1_000).await;
    let Ok(ChatNews::Found { messages: rest, cursor: None }) = second else { panic!("{second:?}") };
    let mut found: Vec<_> = messages.iter().chain(&rest).map(|message| message.id).collect();
    assert_eq!((messages.len(), found.len()), (30, 40));
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), 40, "none twice");
    let odd = store.chat_search((ALICE, None), &words, Some("x-y"), NOW).await;
    assert!(odd.is_err());
}

async fn undelivered(store: &Store) {
    assert!(!store.chat_waiting(NOW).await.expect("a list").contains(&DAVE));
    send(store, BOB, ChatTarget::Person(DAVE), (60, NOW - 8 * DAY, "last week")).await;
    let fresh = send(store, BOB, ChatTarget::Person(DAVE), (61, NOW, "today")).await;
    assert!(store.chat_waiting(NOW).await.expect("a list").contains(&DAVE));
    let waiting = store.chat_undelivered(DAVE, NOW + 1).await;
    let Ok(ChatNews::Undelivered(waiting)) = waiting else { panic!("{waiting:?}") };
    let texts: Vec<_> = waiting.iter().map(|(message, _, _)| message.text.as_str()).collect();
    assert_eq!(texts, ["today"], "what is old is read in the chat");
    let mark = ChatWork::Mark { conversation: fresh.conversation, delivered: fresh.seq, read: 0 };
    ask(store, DAVE, NOW, mark).await.expect("marked");
    let waiting = store.chat_undelivered(DAVE, NOW + 1).await;
    assert!(matches!(waiting, Ok(ChatNews::Undelivered(waiting)) if waiting.is_empty()));
    assert!(!store.chat_waiting(NOW).await.expect("a list").contains(&DAVE));
}

/// Jobs of one transaction see each other, and one that is refused does not harm the others.
async fn batches(store: &Store) {
    let job = |user, work| ChatJob { user, asker: ChatAsker::Nobody, at: NOW, work };
    let pair = || ChatTarget::Person(CAROL);
    let jobs = [
        job(DAVE, text(pair(), 70, "one")),
        job(DAVE, text(ChatTarget::Conversation(ConversationId::from_u128(9)), 71, "nowhere")),
        job(DAVE, text(pair(), 72, "two")),
    ];
    let outcomes = store.chat_write(&jobs).await.expect("written");
    let seqs: Vec<_> = outcomes
        .iter()
        .map(|outcome| match outcome {
            Ok(ChatNews::Message { message, .. }) => Some(message.seq),
            _ => None,
        })
        .collect();
    assert_eq!(seqs, [Some(1), None, Some(2)]);
}
